// SPDX-License-Identifier: LGPL-2.1-or-later
// client.go DRIVER PLACE [PORT] - logs in without a password, where PLACE (a host or a socket) is, and
// prints who that is and the answer to a question with a parameter.  With $CLIENT_CA it insists on TLS, and
// on a certificate of that CA's for PLACE.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"fmt"
	"os"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
)

var ca = os.Getenv("CLIENT_CA")

func mysqlTLS(place string) string {
	if ca == "" {
		return "preferred"
	}
	pem, _ := os.ReadFile(ca)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	_ = mysql.RegisterTLSConfig("verified", &tls.Config{RootCAs: pool, ServerName: place})
	return "verified"
}

func askMySQL(place, port string) (who string, answer int, err error) {
	where := "unix(" + place + ")"
	if place[0] != '/' {
		where = "tcp(" + place + ":" + port + ")"
	}
	db, err := sql.Open("mysql", "smcred-alice@"+where+"/billing?tls="+mysqlTLS(place))
	if err == nil {
		err = db.QueryRow("select substring_index(current_user(), '@', 1)").Scan(&who)
	}
	if err == nil {
		err = db.QueryRow("select ? + 1", 41).Scan(&answer)
	}
	return
}

func askPostgres(place, port string) (who string, answer int, err error) {
	verified := ""
	if ca != "" {
		verified = " sslmode=verify-full sslrootcert=" + ca
	}
	db, err := pgx.Connect(context.Background(), "host="+place+" port="+port+" dbname=orders"+verified)
	if err == nil {
		err = db.QueryRow(context.Background(), "select current_user, $1::int + 1", 41).Scan(&who, &answer)
	}
	return
}

func main() {
	ask, port := askMySQL, "3306"
	if os.Args[1] == "pgx" {
		ask, port = askPostgres, "5432"
	}
	if len(os.Args) > 3 {
		port = os.Args[3]
	}
	who, answer, err := ask(os.Args[2], port)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(who, answer)
}
