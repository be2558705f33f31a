/* SPDX-License-Identifier: MIT */
/*
 * crowd.c - 64 threads that connect and close at once
 */
#include <pthread.h>
#include <stdatomic.h>

#include "count-fds.h"
#include "tcp.h"

static pthread_t thread(void *(*routine)(void *), void *argument)
{
	pthread_t made;

	must(-pthread_create(&made, NULL, routine, argument));
	return made;
}

#define CROWD  64
#define ROUNDS 16

static struct {
	const struct family *family;
	pthread_barrier_t together;
	uint16_t port;
	int listener;
	atomic_int connected, accepted;
} crowd;

static void *crowd_member(void *argument)
{
	(void)argument;
	for (int round = 0; round < ROUNDS; round++) {
		int fd = socket_of(crowd.family, 0);
		char byte;

		pthread_barrier_wait(&crowd.together);
		if (connect_to(fd, crowd.family->loopback, crowd.port) == 0)
			crowd.connected++;
		else
			complain("connect: %s", result(-1));
		check_carried(fd);
		pthread_barrier_wait(&crowd.together);
		check(recv(fd, &byte, 1, 0) == 0);
		must(close(fd));
	}
	return NULL;
}

static void *crowd_doorman(void *argument)
{
	(void)argument;
	for (int i = 0; i < CROWD * ROUNDS; i++) {
		int fd = must(accept(crowd.listener, NULL, NULL));

		must(close(fd));
		crowd.accepted++;
	}
	return NULL;
}

static void crowd_at_once(const struct family *f)
{
	pthread_t members[CROWD], doorman;
	int before = count_fds();

	crowd.family = f;
	crowd.listener = listener_on(f, f->loopback, 0, "server");
	crowd.port = local_port(crowd.listener);
	crowd.connected = crowd.accepted = 0;
	must(listen(crowd.listener, CROWD));
	pthread_barrier_init(&crowd.together, NULL, CROWD);
	doorman = thread(crowd_doorman, NULL);
	for (int i = 0; i < CROWD; i++)
		members[i] = thread(crowd_member, NULL);
	for (int i = 0; i < CROWD; i++)
		pthread_join(members[i], NULL);
	pthread_join(doorman, NULL);
	pthread_barrier_destroy(&crowd.together);
	must(close(crowd.listener));
	say("connected %d, accepted %d, descriptors left %d", crowd.connected, crowd.accepted,
	    count_fds() - before);
}

int main(void)
{
	each_family("64 threads at once", crowd_at_once);
	return test_failed;
}
