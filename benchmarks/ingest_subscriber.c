/* The yardstick of bench_ingest: a libmosquitto subscriber that counts and acknowledges, nothing else.
   Usage: ingest_subscriber PORT QOS MESSAGES; prints "ready", then "MESSAGES SECONDS CPU_SECONDS". */
#include <mosquitto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static long wanted, received;
static int qos;
static double first, last;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void on_connect(struct mosquitto *m, void *o, int rc) {
    (void)o; (void)rc;
    mosquitto_subscribe(m, NULL, "ws/+/+/+/obs", qos);
}

static void on_subscribe(struct mosquitto *m, void *o, int mid, int n, const int *granted) {
    (void)m; (void)o; (void)mid; (void)n; (void)granted;
    puts("ready");
    fflush(stdout);
}

static void on_message(struct mosquitto *m, void *o, const struct mosquitto_message *message) {
    (void)m; (void)o; (void)message;
    last = now();
    if (received++ == 0) first = last;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    qos = atoi(argv[2]);
    wanted = atol(argv[3]);
    mosquitto_lib_init();
    struct mosquitto *m = mosquitto_new("yardstick", true, NULL);
    mosquitto_connect_callback_set(m, on_connect);
    mosquitto_subscribe_callback_set(m, on_subscribe);
    mosquitto_message_callback_set(m, on_message);
    if (mosquitto_connect(m, "127.0.0.1", atoi(argv[1]), 60)) return 1;
    while (received < wanted && (received == 0 || now() - last < 5.0))
        if (mosquitto_loop(m, 100, 1000)) return 1;
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = used.ru_utime.tv_sec + used.ru_stime.tv_sec
               + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("%ld %.6f %.6f\n", received, last - first, cpu);
    return 0;
}
