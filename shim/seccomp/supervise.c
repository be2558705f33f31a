/* SPDX-License-Identifier: MIT */
/*
 * supervise.c - the loop: takes calls, answers them, and looks after those that wait
 */
#include "supervise.h"

#include <errno.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "../kernel/sys.h"
#include "../log/log.h"
#include "../log/target.h"
#include "answers.h"
#include "bell.h"
#include "call.h"
#include "lost.h"
#include "trace.h"

static int loop;             /* the epoll */
static int ends;             /* an epoll in it: of processes */
static bool look_for_ends;   /* there may be some */
static int sweep;            /* a timer in it: of calls that wait */
static bool sweep_is_set;    /* as it is while any waits */
static struct call *waiting; /* a list */
static struct call *newest;  /* of them, and not in the epoll yet; or NULL */

/* What an event of the loop is about: one of these, or a pointer to a call that waits */
enum { CALLS = 2, ENDS = 4, SWEEP = 6 };

/* How often those that wait are looked after: a signal takes a call back, and nobody tells. The
 * timer runs on from call to call, which costs each less than a limit to how long it sleeps. */
#define SWEEP_MS 200

/* ---- answering ---- */

static int send_answer(struct call *call, int result)
{
	struct seccomp_notif_resp answer = {.id = 0};

	if (result == CALL_CONTINUE)
		answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	else if (result < 0)
		answer.error = result;
	else
		answer.val = result;
	return call_answer(call, &answer);
}

/* The one that is served from now on; NULL: none. */
static void turn_to(struct call *call)
{
	call_now = call;
	target_process = call && call->process ? process_id(call->process) : 0;
}

/* What was held is let go of first: the program's own close() is to be the last. */
static void finish(struct call *call, int result)
{
	if (!call->gone)
		trace_call(call, result);
	lost_prepare(call, result);
	call_drop(call);
	if (result == CALL_ANSWERED || call->gone)
		return;
	if (send_answer(call, result) == -ENOENT) {
		if (result != CALL_CONTINUE)
			lost_result(call, result);
	} else {
		lost_delivered(call);
		lost_perhaps(call, result);
	}
}

/* ---- those that wait ---- */

/* Before what is watched can become something else, or be closed */
static void unwatch(struct call *call)
{
	if (call->watched >= 0)
		sys_epoll_ctl(loop, EPOLL_CTL_DEL, call->watched, NULL);
	call->watched = -1;
}

static struct call *unused; /* room for one more; or NULL */

static void forget(struct call *call)
{
	struct call **at = &waiting;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	unwatch(call);
	if (newest == call)
		newest = NULL;
	call_drop(call);
	free(unused);
	unused = call;
}

static void watch(struct call *call)
{
	struct epoll_event event = {.events = (uint32_t)call->wait.events,
				    .data.u64 = (uintptr_t)call};

	if (sys_epoll_ctl(loop, EPOLL_CTL_ADD, call->wait.fd, &event) == 0)
		call->watched = call->wait.fd;
}

static void watch_newest(void)
{
	if (newest)
		watch(newest);
	newest = NULL;
}

static void set_sweep(bool on)
{
	struct itimerspec next = {.it_value.tv_nsec = on ? SWEEP_MS * 1000000L : 0};

	(void)timerfd_settime(sweep, 0, &next, NULL); /* nor has it gone off any more */
	sweep_is_set = on;
}

/* @anew: its time begins now */
static void put_aside(struct call *call, bool anew)
{
	if (anew)
		call->deadline =
			call->wait.timeout < 0 ? -1 : sys_now_ms() + call->wait.timeout;
	call->again = true;
	call->name_len = 0;
	call_close(call, -1);
	if (newest != call)
		watch_newest();
	newest = call;
	if (!sweep_is_set)
		set_sweep(true);
}

/* Its thread has left it. */
static void leave(struct call *call)
{
	call_left(call);
	forget(call);
}

static void do_again(struct call *call, bool timed_out)
{
	int result, waited_for = call->wait.fd;

	if (!call_is_there(call)) {
		leave(call);
		return;
	}
	call->timed_out = timed_out;
	unwatch(call);
	turn_to(call);
	result = call_serve(call);
	if (result == CALL_LATER) {
		put_aside(call, timed_out || call->wait.fd != waited_for);
		turn_to(NULL);
		return;
	}
	finish(call, result);
	turn_to(NULL);
	forget(call);
}

/* Call @visit for each; it may forget the one that it is given. */
static void each_waiting(void (*visit)(struct call *call))
{
	for (struct call *call = waiting, *next; call; call = next) {
		next = call->next;
		visit(call);
	}
}

static void look_after(struct call *call)
{
	if (!call_is_there(call))
		leave(call);
	else if (call->deadline >= 0 && sys_now_ms() >= call->deadline)
		do_again(call, true);
	else if (seccomp_waits_in_vain(call))
		do_again(call, false);
}

static void do_again_now(struct call *call)
{
	do_again(call, false);
}

/* A thread that makes a call has left the one before. */
static void forget_of_thread(pid_t thread)
{
	for (struct call *call = waiting; call; call = call->next) {
		if (call->thread == thread) {
			leave(call);
			return;
		}
	}
}

static void forget_process(struct process *process)
{
	for (struct call *call = waiting, *next; call; call = next) {
		next = call->next;
		if (call->process == process)
			forget(call);
	}
	process_forget(process);
}

/* ---- taking calls ---- */

/* As long as there are new ones, the old ones are let go of. */
static void watch_process(struct process *process)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = process};

	sys_epoll_ctl(ends, EPOLL_CTL_ADD, process_fd(process), &event);
	look_for_ends = true;
}

static void forget_ended(void)
{
	struct epoll_event events[16];
	int count;

	do {
		count = epoll_wait(ends, events, 16, 0);
		for (int i = 0; i < count; i++)
			forget_process(events[i].data.ptr);
	} while (count == 16);
	look_for_ends = false;
}

/* What a call comes to */
static int serve(struct call *call)
{
	int result = call_begin(call);

	turn_to(call); /* whose process is known by now */
	if (call->process && process_fresh(call->process))
		watch_process(call->process);
	if (result < 0)
		return result;
	if (lost_find(call, &result))
		return result;
	return lost_doubt(call, call_serve(call));
}

/* Of a call that has to wait. NULL: there is no memory. */
static struct call *keep(const struct call *call)
{
	struct call *kept = unused ? unused : malloc(sizeof *kept);

	if (!kept)
		return NULL;
	unused = NULL;
	*kept = *call;
	kept->next = waiting;
	waiting = kept;
	return kept;
}

static void take_call(const struct seccomp_notif *request)
{
	struct call call, *kept;
	int result;

	memset(&call, 0, offsetof(struct call, name));
	call.id = request->id;
	call.thread = (pid_t)request->pid;
	call.data = request->data;
	call.fd = call.closing = call.watched = call.kept = -1;
	forget_of_thread(call.thread);
	if (call.data.nr == SYS_bind) /* nobody's port may be kept by a call that is gone */
		each_waiting(look_after);
	turn_to(&call);
	result = serve(&call);
	kept = result == CALL_LATER ? keep(&call) : NULL;
	if (kept)
		put_aside(kept, true);
	else
		finish(&call, result == CALL_LATER ? -ENOMEM : result);
	turn_to(NULL);
}

/* ---- the loop ---- */

static struct seccomp_notif *request; /* as large as the kernel's */
static size_t request_size;
static bool is_over; /* nobody with the filter is left */

const char *supervise_prepare(int listener)
{
	struct seccomp_notif_sizes sizes;
	struct seccomp_notif_addfd add = {.flags = SECCOMP_ADDFD_FLAG_SEND};

	call_listener = listener;
	/* an older one does not know the flag, and says so first */
	if (SYS_CALL(SYS_ioctl, listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) == -EINVAL)
		return "the kernel is older than 5.14";
	if (SYS_CALL(SYS_kcmp, getpid(), getpid(), KCMP_FILE, listener, listener) != 0)
		return "the kernel, or a container, does not allow kcmp(2)";
	if (SYS_CALL(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0)
		return "the kernel does not say how large a notification is";
	request_size =
		sizes.seccomp_notif > sizeof *request ? sizes.seccomp_notif : sizeof *request;
	request = calloc(1, request_size);
	loop = epoll_create1(EPOLL_CLOEXEC);
	ends = epoll_create1(EPOLL_CLOEXEC);
	sweep = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	bell_hang();
	return request && loop >= 0 && ends >= 0 && sweep >= 0 ? NULL : "there is no memory";
}

/* For how long may the loop sleep, beside the timer? -1: without a limit */
static int patience(void)
{
	int64_t now = -1, least = INT_MAX; /* some 25 days, and as good as none */

	if (!waiting)
		return lost_patience();
	for (struct call *call = waiting; call; call = call->next) {
		if (call->deadline < 0)
			continue;
		if (now < 0) /* most have none, and the clock is not asked for */
			now = sys_now_ms();
		if (call->deadline - now < least)
			least = call->deadline > now ? call->deadline - now : 0;
	}
	return least < INT_MAX ? (int)least : -1;
}

/*
 * As epoll_wait(2), one event at a time: each may end what another is about. Most that a call
 * waits for comes before anything else happens: so the newest is not put into the epoll, and
 * taken out again, for that. Calls, which may come without end, do not keep those from going on
 * that wait.
 */
static int next_event(struct epoll_event *event)
{
	static bool loop_first;
	struct pollfd fds[3] = {{.fd = call_listener, .events = POLLIN},
				{.fd = loop, .events = POLLIN},
				{.fd = -1}};
	int ms = patience();
	struct timespec limit = {ms / 1000, ms % 1000 * 1000000L};
	long ready;

	if (newest)
		fds[2] = (struct pollfd){.fd = newest->wait.fd, .events = newest->wait.events};
	ready = bell_sleep(SYS_ppoll, (long)fds, 3, ms < 0 ? 0 : (long)&limit, 0);
	if (ready <= 0)
		return (int)ready;
	loop_first = !loop_first;
	if (fds[2].revents)
		event->data.u64 = (uintptr_t)newest;
	else if (fds[1].revents && (loop_first || !fds[0].revents))
		return epoll_wait(loop, event, 1, 0);
	else
		*event = (struct epoll_event){(uint32_t)fds[0].revents, {.u64 = CALLS}};
	return 1;
}

bool supervise_is_over(void)
{
	return sys_poll_now(call_listener, POLLIN) & POLLHUP;
}

/* Before Linux 6.11 nobody is woken when the last that could call has ended, but by SIGCHLD. */
static void receive(void)
{
	memset(request, 0, request_size); /* the kernel insists */
	bell_sleep(SYS_ioctl, call_listener, SECCOMP_IOCTL_NOTIF_RECV, (long)request, 0);
	if (request->data.arch) /* as it is of every call */
		take_call(request);
	else
		is_over = supervise_is_over();
}

static void look_after_all(void)
{
	static int64_t last;
	int64_t now = sys_now_ms();

	if (now - last < SWEEP_MS / 2 && patience() != 0)
		return;
	last = now;
	each_waiting(look_after);
	lost_age();
}

static void act(const struct epoll_event *event)
{
	uint64_t about = event->data.u64;

	if (about == CALLS && event->events & EPOLLHUP)
		is_over = true;
	else if (about == CALLS)
		receive();
	else if (about == ENDS)
		forget_ended();
	else if (about == SWEEP)
		set_sweep(waiting);
	else
		do_again((struct call *)(uintptr_t)about, false);
}

/* Is there nothing to be looked after but the next call? */
static bool only_calls_matter(void)
{
	if (look_for_ends)
		forget_ended();
	return !waiting && lost_patience() < 0;
}

static int number_there(int fd)
{
	int number = call_now ? call_number(call_now, fd) : -1;

	return number < 0 ? fd : number;
}

/* One event that is waited for, and what comes of it */
static void go_on(void)
{
	struct epoll_event event = {.events = 0};
	int ready = next_event(&event);

	if (ready > 0)
		act(&event);
	if (waiting || ready == 0)
		look_after_all();
}

static void hear(void (*happened)(void))
{
	happened();
	look_for_ends = true;
	is_over = supervise_is_over();
}

void supervise(void (*happened)(void))
{
	struct epoll_event of_ends = {.events = EPOLLIN, .data.u64 = ENDS};
	struct epoll_event of_sweep = {.events = EPOLLIN, .data.u64 = SWEEP};

	log_number = number_there;
	sys_epoll_ctl(loop, EPOLL_CTL_ADD, ends, &of_ends);
	sys_epoll_ctl(loop, EPOLL_CTL_ADD, sweep, &of_sweep);
	while (!is_over) {
		if (only_calls_matter())
			receive();
		else
			go_on();
		if (bell_rang())
			hear(happened);
		if (engine_roused) {
			engine_roused = false;
			each_waiting(do_again_now);
		}
	}
}
