/* Memory that crashes at once when it is read or written beyond its end: each block between pages of its own.

   Loaded in front of the C library (LD_PRELOAD). Nothing happens until `guard_enable` is called; from then on every
   block that native code asks for, arrays of numpy among them, ends at a page that may not be touched, and its page is
   gone once it is freed. Ends are exact to 16 bytes. When there are too many blocks, others come from the C library. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096UL
#define SLOTS (1U << 16)
#define MOST 20000U

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

struct slot { uintptr_t at; size_t size; };
static struct slot slots[SLOTS];
static unsigned count;
static int enabled;
static atomic_flag lock = ATOMIC_FLAG_INIT;

static void take(void) { while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire)) { } }
static void leave(void) { atomic_flag_clear_explicit(&lock, memory_order_release); }
static unsigned first(uintptr_t at) { return (unsigned)((at >> 4) * 2654435761UL >> 12) % SLOTS; }
static size_t room(size_t size) { return ((size + 15) & ~15UL) + ((size == 0) ? 16 : 0); }
static size_t pages(size_t size) { return (room(size) + PAGE - 1) & ~(PAGE - 1); }

void guard_enable(int on) { enabled = on; }

/* The slot of a block, or SLOTS. */
static unsigned find(uintptr_t at) {
    for (unsigned i = first(at); slots[i].at; i = (i + 1) % SLOTS)
        if (slots[i].at == at) return i;
    return SLOTS;
}

static void put(uintptr_t at, size_t size) {
    unsigned i = first(at);
    while (slots[i].at) i = (i + 1) % SLOTS;
    slots[i].at = at;
    slots[i].size = size;
    count++;
}

static void drop(unsigned hole) {
    slots[hole].at = 0;
    count--;
    for (unsigned i = (hole + 1) % SLOTS; slots[i].at; i = (i + 1) % SLOTS) {
        unsigned wish = first(slots[i].at);
        if ((i > hole) ? (wish <= hole || wish > i) : (wish <= hole && wish > i)) {
            slots[hole] = slots[i];
            slots[i].at = 0;
            hole = i;
        }
    }
}

static void *guarded(size_t size) {
    if (!enabled || count >= MOST || size > (SIZE_MAX >> 2)) return NULL;
    size_t inner = pages(size);
    char *base = mmap(NULL, inner + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) return NULL;
    if (mprotect(base + PAGE, inner, PROT_READ | PROT_WRITE)) {
        munmap(base, inner + 2 * PAGE);
        return NULL;
    }
    char *at = base + PAGE + inner - room(size);
    take();
    put((uintptr_t)at, size);
    leave();
    return at;
}

/* The size of a guarded block that is forgotten with this, or SIZE_MAX if it is none. */
static size_t forget(void *block) {
    size_t size = SIZE_MAX;
    if (!count) return size;
    take();
    unsigned i = find((uintptr_t)block);
    if (i < SLOTS) {
        size = slots[i].size;
        drop(i);
    }
    leave();
    return size;
}

void free(void *block) {
    if (!block) return;
    int kept = errno;
    size_t size = forget(block);
    if (size == SIZE_MAX) __libc_free(block);
    else munmap((char *)block + room(size) - pages(size) - PAGE, pages(size) + 2 * PAGE);
    errno = kept;
}

void *malloc(size_t size) {
    void *block = guarded(size);
    if (!block) return __libc_malloc(size);
    memset(block, 0xa5, size);
    return block;
}

void *calloc(size_t n, size_t size) {
    size_t total;
    void *block = __builtin_mul_overflow(n, size, &total) ? NULL : guarded(total);
    return block ? block : __libc_calloc(n, size);
}

void *realloc(void *block, size_t size) {
    if (!block) return malloc(size);
    size_t former = SIZE_MAX;
    if (count) {
        take();
        unsigned i = find((uintptr_t)block);
        if (i < SLOTS) former = slots[i].size;
        leave();
    }
    if (former == SIZE_MAX) return __libc_realloc(block, size);
    void *other = malloc(size);
    if (!other) return NULL;
    memcpy(other, block, former < size ? former : size);
    free(block);
    return other;
}

void *memalign(size_t alignment, size_t size) {
    void *block = alignment <= 16 ? guarded(size) : NULL;
    return block ? block : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
    void *block = memalign(alignment, size);
    if (!block) return ENOMEM;
    *result = block;
    return 0;
}
