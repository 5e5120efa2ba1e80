//  A program around czmq's own zgossip actor, for the tests of package zgossip.
//  It reads commands, one a line, and writes what the actor says:
//
//      BIND endpoint            answers PORT n
//      CONNECT endpoint
//      PUBLISH key value
//      STATUS                   answers STATUS n
//      CPU                      answers CPU n, microseconds this process has used
//      QUIT, or the end of input
//
//  and DELIVER key value whenever a tuple has changed.

#include <czmq.h>
#include <sys/resource.h>

static void print_message (zmsg_t *msg)
{
    char *part = zmsg_popstr (msg);
    while (part) {
        printf ("%s", part);
        zstr_free (&part);
        part = zmsg_popstr (msg);
        putchar (part ? ' ' : '\n');
    }
}

//  Says whether to go on.
static bool command (zactor_t *actor, char *line)
{
    char *save = NULL;
    char *verb = strtok_r (line, " \n", &save);
    char *a = strtok_r (NULL, " \n", &save);
    char *b = strtok_r (NULL, " \n", &save);
    if (!verb)
        return true;
    if (streq (verb, "QUIT"))
        return false;
    if (streq (verb, "CPU")) {
        struct rusage use;
        getrusage (RUSAGE_SELF, &use);
        printf ("CPU %lld\n", (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000LL
                + use.ru_utime.tv_usec + use.ru_stime.tv_usec);
    }
    else
    if (b)
        zstr_sendx (actor, verb, a, b, NULL);
    else
    if (a)
        zstr_sendx (actor, verb, a, NULL);
    else
        zstr_send (actor, verb);
    if (streq (verb, "BIND"))
        zstr_send (actor, "PORT");
    return true;
}

int main (void)
{
    //  The signals are for the one who started this.
    zsys_handler_set (NULL);
    zactor_t *actor = zactor_new (zgossip, "test");
    zpoller_t *poller = zpoller_new (actor, NULL);
    int input = STDIN_FILENO;
    zpoller_add (poller, &input);
    char line [1024];
    size_t have = 0;
    bool going = true;
    while (going) {
        void *which = zpoller_wait (poller, -1);
        if (which == actor) {
            zmsg_t *msg = zmsg_recv (actor);
            if (!msg)
                break;
            print_message (msg);
            zmsg_destroy (&msg);
        }
        else {
            ssize_t n = read (input, line + have, sizeof (line) - have - 1);
            if (n <= 0)
                break;
            have += (size_t) n;
            line [have] = 0;
            char *begin = line, *end;
            while (going && (end = strchr (begin, '\n'))) {
                *end = 0;
                going = command (actor, begin);
                begin = end + 1;
            }
            have = strlen (begin);
            memmove (line, begin, have + 1);
        }
        fflush (stdout);
    }
    zpoller_destroy (&poller);
    zactor_destroy (&actor);
    return 0;
}
