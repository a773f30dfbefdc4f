// SPDX-License-Identifier: LGPL-2.1-or-later
// probe.go - a client without libc: dials ADDRESS:PORT from COUNT goroutines, prints what comes.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"
)

func dial(address string, results chan<- string) {
	conn, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		results <- err.Error()
		return
	}
	defer conn.Close()
	line, _ := bufio.NewReader(conn).ReadString('\n')
	results <- line
}

func main() {
	count, _ := strconv.Atoi(os.Args[2])
	results := make(chan string)
	found := map[string]int{}
	for i := 0; i < count; i++ {
		go dial(os.Args[1], results)
	}
	for i := 0; i < count; i++ {
		found[<-results]++
	}
	for line, times := range found {
		fmt.Printf("%d %s", times, line)
	}
}
