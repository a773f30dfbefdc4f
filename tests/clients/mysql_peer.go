// SPDX-License-Identifier: LGPL-2.1-or-later
// mysql_peer.go CERT KEY - a server of MySQL's protocol that others wrote, go-mysql-server, with TLS.  Reads statements
// from its input, one a line, then serves what they made of it, and prints the port.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"

	sqle "github.com/dolthub/go-mysql-server"
	"github.com/dolthub/go-mysql-server/memory"
	"github.com/dolthub/go-mysql-server/server"
	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/go-mysql-server/sql/mysql_db"
)

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func main() {
	provider := memory.NewDBProvider(memory.NewDatabase("shop"))
	engine := sqle.NewDefault(provider)
	accounts := engine.Analyzer.Catalog.MySQLDb
	accounts.SetPersister(&mysql_db.NoopPersister{})
	accounts.AddRootAccount()
	client := sql.Client{User: "root", Address: "localhost"}
	session := memory.NewSession(sql.NewBaseSessionWithClientServer("", client, 1), provider)
	ctx := sql.NewContext(context.Background(), sql.WithSession(session))
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		_, rows, _, err := engine.Query(ctx, lines.Text())
		must(sql.RowIterToRows(ctx, must(rows, err)))
	}
	pair := must(tls.LoadX509KeyPair(os.Args[1], os.Args[2]))
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	config := server.Config{Listener: listener, TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}}}
	listening := must(server.NewServer(config, engine, sql.NewContext, memory.NewSessionBuilder(provider), nil))
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	must(0, listening.Start())
}
