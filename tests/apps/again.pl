# again.pl PORT - says goodbye on a TLS connection that the server has closed, then reads the answer
use strict;
use warnings;
use IO::Poll;
use IO::Socket::SSL;

my $c = IO::Socket::SSL->new(PeerAddr => "127.0.0.1:$ARGV[0]", SSL_verify_mode => SSL_VERIFY_NONE)
    or die "connect: $!, $SSL_ERROR";
print $c "HELLO\n" or die "write: $!";
my $poll = IO::Poll->new;
$poll->mask($c => 0x2000);    # POLLRDHUP
$poll->poll;
print $c "QUIT\n" or print "goodbye: $!\n";
my $answer = <$c>;
print defined $answer ? $answer : "no answer: $SSL_ERROR\n";
