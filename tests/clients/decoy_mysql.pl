# SPDX-License-Identifier: LGPL-2.1-or-later
# decoy_mysql.pl LOG READY SOCKET - a server of MySQL's that lets nobody in, asks each client for a password in
# clear, as MySQL's clients give it, and writes who came and what was told to LOG.  It listens on a port of
# 127.0.0.1, which READY says, and at SOCKET.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;

my ($log, $ready, $path) = @ARGV;
my $tcp = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die;
my $local = IO::Socket::UNIX->new(Listen => 5, Local => $path) or die;
chmod 0777, $path;
open my $file, '>', $log or die;
$file->autoflush(1);
open my $port, '>', "$ready.new" or die;
print $port $tcp->sockport, "\n";
close $port;
rename "$ready.new", $ready;

my $sequence;
sub put { my $text = shift; syswrite shift, pack('VC', length($text) | $sequence++ << 24, 0) =~ s/.\z//sr . $text }
sub take
{
    my ($client, $packet) = (shift, '');
    sysread($client, my $head, 4) == 4 or return '';
    my $len = unpack 'V', substr($head, 0, 3) . "\0";
    while (length $packet < $len) { sysread $client, $packet, $len - length $packet, length $packet or last }
    $sequence = 1 + ord substr $head, 3;
    return $packet;
}

# Protocol 10 with CLIENT_PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH and CONNECT_WITH_DB, and no TLS.
sub serve
{
    my $client = shift;
    $sequence = 0;
    put("\x0a8.0.0-decoy\0" . pack('V', 7) . 'saltsalt' . "\0" . pack('vCvvC', 0xa208, 33, 2, 0x8, 21) . "\0" x 10 . "saltsaltsalt\0mysql_native_password\0", $client);
    my $answer = take($client);
    my ($user) = length $answer > 32 ? unpack 'Z*', substr $answer, 32 : '';
    print $file "user $user\n";
    put("\xfemysql_clear_password\0", $client);
    print $file 'told ', take($client) =~ s/[^ -~]//gr, "\n";
    put("\xff" . pack('v', 1045) . '#28000no', $client);
}
my $both = IO::Select->new($tcp, $local);
while (my @listeners = $both->can_read) {
    for (@listeners) {
        my $client = $_->accept or next;
        serve($client);
        close $client;
    }
}
