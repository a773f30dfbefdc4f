<?php
// SPDX-License-Identifier: LGPL-2.1-or-later
// client.php DRIVER PLACE [PORT] - logs in without a password, where PLACE (a host or a socket) is, and
// prints who that is and the answer to a question with a parameter.  $CLIENT_PASSWORD is what mysqli says if asked;
// with $CLIENT_CHANGE it changes to that user first.
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
[, $driver, $place] = $argv;
$port = $argv[3] ?? null;
$is_socket = $place[0] === '/';
$who = 'select substring_index(current_user(), "@", 1)';

function ask_pdo(PDO $db, string $who): array
{
    $statement = $db->prepare('select cast(? as decimal) + 1');
    $statement->execute([41]);
    return [$db->query($who)->fetchColumn(), $statement->fetchColumn()];
}

try {
    switch ($driver) {
    case 'mysqli':
        $db = new mysqli($is_socket ? 'localhost' : $place, 'smcred-alice', getenv('CLIENT_PASSWORD') ?: '', 'billing', (int)($port ?? 3306), $is_socket ? $place : null);
        if (getenv('CLIENT_CHANGE'))
            $db->change_user(getenv('CLIENT_CHANGE'), 'her own', 'billing');
        $said = [$db->query($who)->fetch_row()[0], $db->execute_query('select ? + 1', [41])->fetch_row()[0]];
        break;
    case 'pdo_mysql':
        $where = $is_socket ? "unix_socket=$place" : "host=$place;port=" . ($port ?? 3306);
        $db = new PDO("mysql:$where;dbname=billing", 'smcred-alice', '', [PDO::ATTR_EMULATE_PREPARES => false]);
        $said = ask_pdo($db, $who);
        break;
    case 'pgsql':
        $db = @pg_connect("host=$place dbname=orders" . ($port ? " port=$port" : ''));
        if (!$db)
            throw new Exception(error_get_last()['message']);
        $said = [pg_fetch_result(pg_query($db, 'select current_user'), 0, 0),
                 pg_fetch_result(pg_query_params($db, 'select $1::int + 1', [41]), 0, 0)];
        break;
    case 'pdo_pgsql':
        $said = ask_pdo(new PDO("pgsql:host=$place;dbname=orders" . ($port ? ";port=$port" : '')), 'select current_user');
        break;
    }
    echo implode(' ', $said), "\n";
} catch (Throwable $error) {
    echo $error->getMessage(), "\n";
    exit(1);
}
