/* A ring of bytes. */
#include <stdio.h>
#include "util/ring.h"

#define RING_BYTES 64
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define GUARD

typedef unsigned long word;
typedef int (*compare)(const void *, const void *);

/**
 * A ring.
 */
typedef struct ring {
    unsigned char *data; /**< the bytes */
    size_t head, tail;
    struct node *next;
    int (*on_full)(struct ring *r);
    char name[16];
} ring_t;

typedef struct {
    int x, y;
} point;

enum color { RED, GREEN = 2 /* like grass */ };
union value {
    int i;
    float f;
};

static int counter = 0;
const char *names[] = {"a", "b"};
extern ring_t *shared;

int ring_push(ring_t *r, unsigned char byte);
static char *ring_name(const ring_t *ring);

// Takes a byte out.
// Returns -1 if there is none.
static inline int ring_pop(ring_t *r) {
    int local = 0;
    point p = {1, 2};
    r->on_full(r);
    return MAX(ring_size(r), sizeof(struct node));
}

char **ring_names(void)
{
    return NULL;
}

#ifdef WITH_MAIN
int main(int argc, char **argv) {
    printf("%d\n", ring_pop(shared));
}
#endif
