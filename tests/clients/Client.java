// SPDX-License-Identifier: LGPL-2.1-or-later
// Client DRIVER PLACE [PORT] - logs in without a password, where PLACE (a host or a socket) is, and
// prints who that is and the answer to a question with a parameter.  With $CLIENT_CA, and the same as a key
// store in $CLIENT_CA.p12, it insists on TLS, and on a certificate of that CA's for PLACE.  With $CLIENT_CHANGE it
// changes to that user first, and then has MySQL forget the session.
import com.mysql.cj.jdbc.JdbcConnection;
import java.sql.*;

public class Client {
    // Neither PostgreSQL's driver nor MySQL's knows Unix sockets: junixsocket does.
    static String url(String driver, String place, String port) {
        boolean local = place.startsWith("/");
        String host = local ? "localhost" : place + port;
        if (driver.equals("postgresql"))
            return "jdbc:postgresql://" + host + "/orders" + (local ? "?sslmode=disable&socketFactory=org.newsclub.net.unix.AFUNIXSocketFactory$FactoryArg&socketFactoryArg=" + place : "");
        if (driver.equals("mariadb"))
            return "jdbc:mariadb://" + host + "/billing" + (local ? "?localSocket=" + place : "");
        return "jdbc:mysql://" + host + "/billing" + (local ? "?socketFactory=org.newsclub.net.mysql.AFUNIXDatabaseSocketFactoryCJ&junixsocket.file=" + place : "");
    }

    static String verified(String driver) {
        String ca = System.getenv("CLIENT_CA");
        if (ca == null)
            return "";
        if (driver.equals("postgresql"))
            return "?sslmode=verify-full&sslrootcert=" + ca;
        if (driver.equals("mariadb"))
            return "?sslMode=verify-full&serverSslCert=" + ca;
        return "?sslMode=VERIFY_IDENTITY&trustCertificateKeyStoreType=PKCS12&trustCertificateKeyStorePassword=public&trustCertificateKeyStoreUrl=file:" + ca + ".p12";
    }

    static String only(PreparedStatement statement) throws SQLException {
        ResultSet rows = statement.executeQuery();
        rows.next();
        return rows.getString(1);
    }

    static void change(Connection connection, String user) throws SQLException {
        if (user == null)
            return;
        JdbcConnection mysql = connection.unwrap(JdbcConnection.class);
        mysql.changeUser(user, "her own");
        mysql.resetServerState();
    }

    static void ask(Connection connection, String who) throws SQLException {
        try (PreparedStatement name = connection.prepareStatement(who);
             PreparedStatement sum = connection.prepareStatement("select cast(? as decimal) + 1")) {
            sum.setInt(1, 41);
            System.out.println(only(name) + " " + only(sum));
        }
    }

    public static void main(String[] args) {
        String who = args[0].equals("postgresql") ? "select current_user" : "select substring_index(current_user(), '@', 1)";
        try (Connection connection = DriverManager.getConnection(url(args[0], args[1], args.length > 2 ? ":" + args[2] : "") + verified(args[0]), "smcred-alice", "")) {
            change(connection, System.getenv("CLIENT_CHANGE"));
            ask(connection, who);
        } catch (SQLException error) {
            System.out.println(error.getMessage().replace('\n', ' '));
        }
    }
}
