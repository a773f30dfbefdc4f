// SPDX-License-Identifier: LGPL-2.1-or-later
// redis_client.js DRIVER PLACE [PORT] - as redis_client.py.
const [driver, place, port] = process.argv.slice(2);
const local = place[0] === '/';

const drivers = {
    async redis(password) {
        const socket = local ? { path: place } : { host: place, port: Number(port || 6379) };
        const client = require('redis').createClient({ socket, name: 'worker', ...password });
        client.on('error', error => { throw error; });
        await client.connect();
        const said = [await client.sendCommand(['ACL', 'WHOAMI'])];
        said.push((await client.multi().set('counter:node-redis', 41).incr('counter:node-redis').exec())[1]);
        said.push(await client.clientGetName());
        await client.quit();
        return said;
    },
    async ioredis(password) {
        const Redis = require('ioredis');
        const client = new Redis({ ...(local ? { path: place } : { host: place, port: Number(port || 6379) }), connectionName: 'worker', ...password });
        const said = [await client.call('ACL', 'WHOAMI')];
        said.push((await client.pipeline().set('counter:ioredis', 41).incr('counter:ioredis').exec())[1][1]);
        said.push(await client.client('GETNAME'));
        await client.quit();
        return said;
    },
};
const [name, how] = driver.split('-');
drivers[name](how === 'p' ? { username: 'smcred-alice', password: 'canary-in-a-mine' } : {})
    .then(said => console.log(said.map(String).join(' ')), error => { console.log(error.message); process.exitCode = 1; });
