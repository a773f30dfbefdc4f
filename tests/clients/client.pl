# SPDX-License-Identifier: LGPL-2.1-or-later
# client.pl DRIVER PLACE [PORT] - logs in without a password, where PLACE (a host or a socket) is, and
# prints who that is and the answer to a question with a parameter.
use strict;
use warnings;
use DBI;

my ($driver, $place, $port) = @ARGV;
my $postgres = $driver eq 'Pg';
my $where = $postgres || $place !~ m{^/} ? "host=$place" : lc($driver) . "_socket=$place";
$where .= ";port=$port" if $port;
my $db = DBI->connect("dbi:$driver:database=" . ($postgres ? 'orders' : 'billing') . ";$where",
    $postgres ? undef : 'smcred-alice', undef, { PrintError => 0 })
    or die "$DBI::errstr\n";
my ($who) = $db->selectrow_array($postgres ? 'select current_user' : 'select substring_index(current_user(), "@", 1)');
my ($answer) = $db->selectrow_array($postgres ? 'select ?::int + 1' : 'select ? + 1', undef, 41);
print "$who ", $answer + 0, "\n";
