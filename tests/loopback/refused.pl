# A plain loop of blocking accepts.
use strict;
use warnings;
use IO::Socket::INET;

my $listener = IO::Socket::INET->new(Listen => 5, LocalAddr => '0.0.0.0', LocalPort => $ARGV[0], ReuseAddr => 1) or die $@;
while (my $connection = $listener->accept) {
    my $length = sysread $connection, my $text, 64;
    die "read: $!" unless defined $length;
    syswrite $connection, $text if $length;
}
