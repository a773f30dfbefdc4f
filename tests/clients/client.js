// SPDX-License-Identifier: LGPL-2.1-or-later
// client.js DRIVER PLACE [PORT] - logs in without a password, where PLACE (a host or a socket) is, and
// prints who that is and the answer to a question with a parameter.  With $CLIENT_CA it insists on TLS, and on
// a certificate of that CA's for PLACE.  With $CLIENT_CHANGE it changes to that user first, of MySQL's by mysql2 in a
// pool that has it in use again then.  With $CLIENT_BOTH the host has an address of each family, and the port is
// served at the second.
const ca = process.env.CLIENT_CA && require('fs').readFileSync(process.env.CLIENT_CA);
if (process.env.CLIENT_BOTH)
    require('dns').lookup = (host, options, done) => done(null, [{ address: '::1', family: 6 }, { address: '127.0.0.1', family: 4 }]);
const [driver, place, port] = process.argv.slice(2);
const mysql = { user: 'smcred-alice', database: 'billing', ...(place[0] === '/' ? { socketPath: place } : { host: place }) };
if (port)
    mysql.port = Number(port);
if (ca)
    mysql.ssl = { ca, ...(driver === 'mysql2' && { verifyIdentity: true }) };
const change = process.env.CLIENT_CHANGE && { user: process.env.CLIENT_CHANGE, password: 'her own', database: mysql.database };
const who = 'select substring_index(current_user(), "@", 1) as who';

const drivers = {
    async pg() {
        const { Client } = require('pg');
        const client = new Client({ host: place, port: port && Number(port), database: 'orders', user: 'smcred-alice', ssl: ca && { ca } });
        await client.connect();
        const name = (await client.query('select current_user as who')).rows[0].who;
        const answer = (await client.query('select $1::int + 1 as n', [41])).rows[0].n;
        await client.end();
        return [name, answer];
    },
    async mysql2() {
        const client = require('mysql2/promise').createPool({ ...mysql, connectionLimit: 1 });
        try {
            const connection = await client.getConnection();
            if (change)
                await connection.changeUser(change);
            connection.release();
            const [[{ who: name }]] = await client.query(who);
            const [[{ n }]] = await client.execute('select ? + 1 as n', [41]);
            return [name, n];
        } finally {
            await client.end();
        }
    },
    async mariadb() {
        const client = await require('mariadb').createConnection(mysql);
        try {
            if (change)
                await client.changeUser(change);
            const [{ who: name }] = await client.query(who);
            const [{ n }] = await client.execute('select ? + 1 as n', [41]);
            return [name, n];
        } finally {
            await client.end();
        }
    },
};
drivers[driver]().then(said => console.log(said.map(String).join(' ')), error => { console.log(error.message); process.exitCode = 1; });
