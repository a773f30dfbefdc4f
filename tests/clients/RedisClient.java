// SPDX-License-Identifier: LGPL-2.1-or-later
// RedisClient DRIVER PLACE [PORT] - as redis_client.py; Jedis knows no Unix sockets.
import redis.clients.jedis.*;

public class RedisClient {
    public static void main(String[] args) {
        HostAndPort place = new HostAndPort(args[1], args.length > 2 ? Integer.parseInt(args[2]) : 6379);
        DefaultJedisClientConfig.Builder config = DefaultJedisClientConfig.builder().clientName("worker");
        if (args[0].endsWith("-p"))
            config.user("smcred-alice").password("canary-in-a-mine");
        if (args[0].contains("-3"))
            config.resp3();
        try (Jedis client = new Jedis(place, config.build())) {
            String who = client.aclWhoAmI();
            client.set("counter:jedis", "41");
            System.out.println(who + " " + client.incr("counter:jedis") + " " + client.clientGetname());
        } catch (RuntimeException error) {
            System.out.println(error.getMessage());
        }
    }
}
