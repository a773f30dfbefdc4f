// SPDX-License-Identifier: LGPL-2.1-or-later
// redis_client.go DRIVER PLACE [PORT] - as redis_client.py.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/redis/go-redis/v9"
)

func main() {
	driver, place, port := os.Args[1], os.Args[2], "6379"
	if len(os.Args) > 3 {
		port = os.Args[3]
	}
	options := &redis.Options{Addr: place + ":" + port, ClientName: "worker", MaxRetries: -1}
	if place[0] == '/' {
		options.Addr, options.Network = place, "unix"
	}
	if driver == "redis-p" {
		options.Username, options.Password = "smcred-alice", "canary-in-a-mine"
	}
	ctx := context.Background()
	client := redis.NewClient(options)
	who, err := client.Do(ctx, "ACL", "WHOAMI").Text()
	client.Set(ctx, "counter:go", 41, 0)
	answer := client.Incr(ctx, "counter:go").Val()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(who, answer, client.ClientGetName(ctx).Val())
}
