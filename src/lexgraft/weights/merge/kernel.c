/* Element-wise merges in one pass: stored bytes in, stored bytes out, the bits of `methods/`.

   Every operation is one float32 operation of the Python functions, in their order: multiply, then
   add (compiled with -ffp-contract=off). Strips of a tensor are widened, thinned, summed and
   rounded while they lie in the first cache. Nothing here allocates, reads or writes files. */

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(NARROW)
#define WIDE __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WIDE
#endif

#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif

#define MAGNITUDE 0x7fffffffu
#define INFINITE 0x7f800000u
#define VAST 0x7f7f8000u /* the magnitude from which on rounding to bfloat16 gives infinity */
#define UPPER 32768 /* and one more for zeros */
#define SPAN (5 << 16) /* magnitudes counted one by one */
#define MANY 3 /* models whose numbers stay in registers */
#define ALL_TIES ((int64_t)1 << 62)
#define LINE 64 /* bytes that come into a cache at once */
#define PLACES 13 /* of a row that is ranked, at most, as a power of two */
#define OCTAVES_LOG 3
#define ROW_LOG 5
#define ROW (1 << ROW_LOG) /* counts that are added to at once */

enum { BF16, F32 };
enum { ALL, LARGEST, BAND, RANDOM, RANKED };

typedef struct {
    const void *raw;    /* as stored; element 0 is the first of the call */
    int32_t code;       /* BF16 or F32 */
    int32_t thin;       /* which elements of the delta count */
    float weight;       /* in the sum */
    float vote;         /* in the election of the sign */
    float size;         /* in the divisor of the mean */
    float factor;       /* of what is kept */
    uint32_t bits;      /* LARGEST, BAND: kept from this magnitude on */
    uint32_t top;       /* BAND: and left out from this one on */
    int64_t ties;       /* of the elements equal to `bits`, how many are still kept */
    int64_t top_ties;
    uint64_t key[2];    /* RANDOM, RANKED: of Philox */
    int32_t steps;      /* RANDOM: chance in 65,536ths */
    int32_t rescale;    /* RANKED: divide by the chance */
    const float *ranked; /* RANKED: 65,536 / chance of every rank in a row, in 65,536ths */
} Model;

typedef struct {
    const void *base;
    void *result;
    float *work;        /* models + 4 strips */
    uint64_t *room;     /* RANKED: two rows, and as many more as places need */
    int64_t start;      /* number of the first element in the tensor */
    int64_t strip;      /* elements worked on at once; RANKED: a row */
    int32_t base_code, result_code;
    int32_t models, elect, normalize, varied; /* varied: positions are cut on their variance */
    float scale, lambda, share;
    uint32_t bits;      /* varied: as in Model */
    int64_t ties;
} Merge;

INLINE uint32_t bits_of(float x) { uint32_t u; memcpy(&u, &x, 4); return u; }
INLINE float from_bits(uint32_t u) { float x; memcpy(&x, &u, 4); return x; }
INLINE float widened(uint16_t half) { return from_bits((uint32_t)half << 16); }
INLINE uint32_t magnitude(float x) { return bits_of(x) & MAGNITUDE; }

INLINE void widen(const void *raw, int code, int64_t at, int64_t n, float *restrict out) {
    if (code == F32) {
        memcpy(out, (const float *)raw + at, n * sizeof(float));
        return;
    }
    const uint16_t *restrict in = (const uint16_t *)raw + at;
    for (int64_t i = 0; i < n; i++) out[i] = widened(in[i]);
}

/* Round to nearest even, NaN as torch writes it; returns how many values are not finite. */
INLINE int64_t narrow(const float *restrict x, int64_t n, int code, void *raw, int64_t at) {
    int32_t bad = 0;
    if (code == F32) {
        for (int64_t i = 0; i < n; i++) bad += (bits_of(x[i]) & 0x7f800000u) == 0x7f800000u;
        memcpy((float *)raw + at, x, n * sizeof(float));
        return bad;
    }
    uint16_t *restrict out = (uint16_t *)raw + at;
    uint32_t top = 0;
    for (int64_t i = 0; i < n; i++) top = magnitude(x[i]) > top ? magnitude(x[i]) : top;
    for (int64_t i = 0; i < n; i++) {
        uint32_t u = bits_of(x[i]);
        out[i] = (uint16_t)((u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
    }
    if (top < VAST) return 0;
    for (int64_t i = 0; i < n; i++) {
        if (magnitude(x[i]) > INFINITE) out[i] = 0x7fc0u;
        bad += magnitude(x[i]) >= VAST;
    }
    return bad;
}

/* Ask for what comes next, so that it is near when it is needed. */
INLINE void ahead(const void *raw, int code, int64_t at, int64_t n) {
    int64_t width = code == F32 ? 4 : 2;
    const char *from = (const char *)raw + at * width;
    for (int64_t i = 0; i < n * width; i += LINE) __builtin_prefetch(from + i);
}

INLINE void delta(const Model *m, const float *restrict base, int64_t at, int64_t n,
                         float *restrict d) {
    if (m->code == F32) {
        const float *restrict in = (const float *)m->raw + at;
        for (int64_t i = 0; i < n; i++) d[i] = in[i] - base[i];
        return;
    }
    const uint16_t *restrict in = (const uint16_t *)m->raw + at;
    for (int64_t i = 0; i < n; i++) d[i] = widened(in[i]) - base[i];
}

/* Widen a strip of the base, and take it from the models'. */
INLINE void fetch(const Merge *job, const Model *models, int64_t at, int64_t n) {
    float *d = job->work, *base = d + job->models * job->strip;
    widen(job->base, job->base_code, at, n, base);
    ahead(job->base, job->base_code, at + n, n);
    for (int m = 0; m < job->models; m++) {
        delta(models + m, base, at, n, d + m * job->strip);
        ahead(models[m].raw, models[m].code, at + n, n);
    }
}

/* ---- which elements are kept: `keep` becomes 1 or 0 ---- */

INLINE void cut(const float *restrict x, int64_t n, uint32_t bits, int64_t *ties,
                       float *restrict keep) {
    int32_t equal = 0;
    if (*ties > 0 && *ties < ALL_TIES)
        for (int64_t i = 0; i < n; i++) equal += (bits_of(x[i]) & MAGNITUDE) == bits;
    if (equal <= *ties) {
        uint32_t from = *ties == 0 ? bits + 1 : bits;
        for (int64_t i = 0; i < n; i++)
            keep[i] = (int32_t)(bits_of(x[i]) & MAGNITUDE) >= (int32_t)from ? 1.0f : 0.0f;
        *ties -= equal;
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        uint32_t u = bits_of(x[i]) & MAGNITUDE;
        int kept = u > bits || (u == bits && *ties > 0);
        if (u == bits && *ties > 0) --*ties;
        keep[i] = kept ? 1.0f : 0.0f;
    }
}

/* ---- bytes that are 1 in few places, eight at a time: up to eight more are read, all 0 ---- */

INLINE uint64_t group(const uint8_t *at) { uint64_t eight; memcpy(&eight, at, 8); return eight; }
INLINE int first(uint64_t eight) { return __builtin_ctzll(eight) >> 3; }

/* List where a group begins that has any; no branch, as none could be foreseen. */
INLINE int64_t filled(const uint8_t *restrict few, int64_t n, uint16_t *restrict some) {
    int64_t groups = 0;
    for (int64_t i = 0; i < n; i += 8) {
        some[groups] = (uint16_t)i;
        groups += group(few + i) != 0;
    }
    return groups;
}

/* Philox 4x64-10 (Salmon et al. 2011): 16 numbers of 16 bits for a counter. */
INLINE void philox(uint64_t counter, const uint64_t key[2], uint16_t *out) {
    uint64_t c0 = counter, c1 = 0, c2 = 0, c3 = 0, k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        unsigned __int128 p = (unsigned __int128)0xD2E7470EE14C6C93u * c0;
        unsigned __int128 q = (unsigned __int128)0xCA5A826395121157u * c2;
        uint64_t h0 = (uint64_t)(p >> 64), h1 = (uint64_t)(q >> 64);
        c0 = h1 ^ c1 ^ k0; c1 = (uint64_t)q;
        c2 = h0 ^ c3 ^ k1; c3 = (uint64_t)p;
        k0 += 0x9E3779B97F4A7C15u; k1 += 0xBB67AE8584CAA73Bu;
    }
    memcpy(out, &c0, 8);
    memcpy(out + 4, &c1, 8);
    memcpy(out + 8, &c2, 8);
    memcpy(out + 12, &c3, 8);
}

/* The numbers of elements [start, start + n); numpy's generator counts before it draws. */
static WIDE void numbers(const Model *m, int64_t start, int64_t n, uint16_t *restrict out) {
    uint16_t block[16];
    int64_t counter = start / 16 + 1, skip = start % 16, i = 0;
    if (skip) {
        i = 16 - skip < n ? 16 - skip : n;
        philox((uint64_t)counter++, m->key, block);
        memcpy(out, block + skip, i * 2);
    }
    for (; n - i >= 16; i += 16) philox((uint64_t)counter++, m->key, out + i);
    if (i == n) return;
    philox((uint64_t)counter, m->key, block);
    memcpy(out + i, block, (n - i) * 2);
}

/* Sort a row by the digits of eight bits, stable; `keys` holds two rows. */
static uint64_t *radix(const float *d, int64_t n, uint64_t *keys, uint32_t (*place)[256]) {
    uint64_t *from = keys, *to = keys + n;
    memset(place, 0, 4 * sizeof *place);
    for (int64_t i = 0; i < n; i++) {
        uint32_t u = magnitude(d[n - 1 - i]);
        from[i] = (uint64_t)u << 32 | (uint64_t)(n - 1 - i);
        for (int digit = 0; digit < 4; digit++) place[digit][u >> 8 * digit & 255]++;
    }
    for (int digit = 0; digit < 4; digit++) {
        uint32_t *mine = place[digit], at = 0;
        int shift = 32 + 8 * digit;
        if (mine[from[0] >> shift & 255] == n) continue;
        for (int b = 0; b < 256; b++) {
            uint32_t count = mine[b];
            mine[b] = at;
            at += count;
        }
        for (int64_t i = 0; i < n; i++) to[mine[from[i] >> shift & 255]++] = from[i];
        uint64_t *other = from;
        from = to;
        to = other;
    }
    return from;
}

/* Where a place's count lies: places one after another are a row apart, so that one addition of
   whole rows takes each of the ROW stretches of places a step further. */
INLINE uint32_t spot(uint32_t place, int places) {
    uint32_t stretch = 1u << (places - ROW_LOG);
    return (place & (stretch - 1)) << ROW_LOG | place >> (places - ROW_LOG);
}

/* Turn counts into where each place begins. */
INLINE void begin(uint16_t *restrict counts, int places) {
    uint16_t before[ROW] = {0}, start = 0;
    for (int32_t at = 0; at < 1 << places; at += ROW)
        for (int32_t i = 0; i < ROW; i++) {
            uint16_t count = counts[at + i];
            counts[at + i] = before[i];
            before[i] += count;
        }
    for (int32_t i = 0; i < ROW; i++) {
        uint16_t count = before[i];
        before[i] = start;
        start += count;
    }
    for (int32_t at = 0; at < 1 << places; at += ROW)
        for (int32_t i = 0; i < ROW; i++) counts[at + i] += before[i];
}

/* Count how many are in every place, and before each column, from the last one on, how many were;
   four of these are stored at once, as a processor stores to one line of its cache at a time (and
   below two of what is given out). */
INLINE void turns(const uint16_t *restrict mine, int64_t n, uint16_t *restrict counts,
                  uint16_t *restrict nth) {
    int64_t i = n;
    for (; i % 4; i--) nth[i - 1] = counts[mine[i - 1]]++;
    for (; i; i -= 4) {
        uint64_t four = 0;
        for (int k = 1; k <= 4; k++) four = four << 16 | counts[mine[i - k]]++;
        memcpy(nth + i - 4, &four, 8);
    }
}

/* Return a column's rank, and take it down in the order. */
INLINE uint16_t take(int64_t column, const uint16_t *restrict begins, const uint16_t *restrict mine,
                     const uint16_t *restrict nth, uint16_t *restrict order) {
    uint16_t rank = begins[mine[column]] + nth[column];
    order[rank] = (uint16_t)column;
    return rank;
}

/* Put right what lies in disorder between two ranks of a row; `moves` less where this is far. */
INLINE void settle(const float *restrict d, const float *restrict ranked, int64_t from,
                   int64_t to, uint16_t *restrict order, float *restrict spread,
                   uint8_t *restrict rough, int64_t *moves) {
    uint32_t last = 0;
    for (int64_t rank = from; rank < to && *moves >= 0; rank++) {
        uint16_t one = order[rank];
        uint32_t mine = magnitude(d[one]);
        rough[one] = 0;
        if (mine >= last) { /* the order is not written to: the next need not wait */
            last = mine;
            spread[one] = ranked[rank];
            continue;
        }
        int64_t at = rank; /* what is larger goes up by one */
        for (; at > from && magnitude(d[order[at - 1]]) > mine; at--) {
            order[at] = order[at - 1];
            spread[order[at]] = ranked[at];
        }
        order[at] = one;
        spread[one] = ranked[at];
        *moves -= rank - at;
    }
}

/* Give every column of a row what `ranked` has for its rank by magnitude, of equals the later
   first. The columns are put into twice as many or more places as there are columns, evenly over
   the eight octaves below the largest, zeros into the first. The magnitudes in a place differ only
   where one is rough: below these octaves, or more exact than a place. There, disorder is moved by
   hand; where that would take long, the row is sorted digit by digit. */
static WIDE void by_rank(const float *restrict d, int64_t n, const float *restrict ranked,
                         uint64_t *restrict room, float *restrict spread) {
    uint16_t *restrict begins = (uint16_t *)room, *restrict mine = begins + (1 << PLACES);
    uint16_t *restrict nth = mine + n, *restrict order = nth + n, *restrict some = order + n;
    uint8_t *restrict rough = (uint8_t *)(some + n / 8 + 1);
    int64_t moves = n < 1 << 16 ? 4 * n : -1; /* what sixteen bits can number */
    uint32_t top = 0;
    int places = 8; /* as a power of two */
    if (moves >= 0) {
        for (int64_t i = 0; i < n; i++) top = magnitude(d[i]) > top ? magnitude(d[i]) : top;
        while (places < PLACES && 1 << places < 2 * n) places++;
        int shift = 23 + OCTAVES_LOG - places;
        uint32_t exact = ~0u << shift, span = ((1u << places) - 3) << shift;
        uint32_t low = top > span ? (top - span) & exact : 0;
        memset(begins, 0, sizeof *begins << places);
        for (int64_t i = 0; i < n; i++) {
            uint32_t u = magnitude(d[i]), over = (u > low ? u : low) - low;
            mine[i] = (uint16_t)spot(u ? (over >> shift) + 1 : 0, places);
        }
        for (int64_t i = 0; i < n; i++) {
            uint32_t u = magnitude(d[i]);
            rough[i] = (u & ~exact) != 0 || (u != 0 && u <= low);
        }
        memset(rough + n, 0, 8);
        turns(mine, n, begins, nth);
        begin(begins, places);
        int64_t i = n;
        for (; i % 2; i--) spread[i - 1] = ranked[take(i - 1, begins, mine, nth, order)];
        for (; i; i -= 2) {
            uint32_t one = bits_of(ranked[take(i - 2, begins, mine, nth, order)]);
            uint32_t other = bits_of(ranked[take(i - 1, begins, mine, nth, order)]);
            uint64_t two = (uint64_t)other << 32 | one;
            memcpy(spread + i - 2, &two, 8);
        }
        int64_t groups = filled(rough, n, some);
        if (groups * 16 > n) settle(d, ranked, 0, n, order, spread, rough, &moves);
        for (int64_t g = 0; g < groups; g++)
            for (uint64_t eight = group(rough + some[g]); eight; eight &= eight - 1) {
                uint32_t at = mine[some[g] + first(eight)];
                uint32_t place = (at & (ROW - 1)) << (places - ROW_LOG) | at >> ROW_LOG;
                int64_t from = begins[at], to = begins[spot(place + 1, places)];
                settle(d, ranked, from, to, order, spread, rough, &moves);
            }
    }
    if (moves >= 0) return;
    const uint64_t *sorted = radix(d, n, room, (uint32_t(*)[256])(room + 2 * n));
    for (int64_t rank = 0; rank < n; rank++) spread[(uint32_t)sorted[rank]] = ranked[rank];
}

/* An element is kept where its number is below its chance, both in 65,536ths. Its number times
   65,536 / chance is then at most 65,535 and a little, and otherwise not below 65,535.99. */
INLINE void prune(const Model *m, float *restrict d, int64_t start, int64_t n,
                  uint16_t *restrict drawn, float *restrict spread, uint64_t *room) {
    by_rank(d, n, m->ranked, room, spread);
    numbers(m, start, n, drawn);
    int rescale = m->rescale;
    for (int64_t i = 0; i < n; i++) {
        float kept = d[i] * ((float)drawn[i] * spread[i] < 65535.5f ? 1.0f : 0.0f);
        d[i] = rescale ? kept * spread[i] : kept;
    }
}

/* Thin a delta in place; `keep` and `other` are strips of scratch. */
INLINE void thin(Model *m, float *restrict d, int64_t start, int64_t n,
                 float *restrict keep, float *restrict other, uint64_t *room) {
    if (m->thin == ALL) return;
    if (m->thin == RANKED) {
        prune(m, d, start, n, (uint16_t *)keep, other, room);
        return;
    }
    if (m->thin == RANDOM) {
        uint16_t *drawn = (uint16_t *)other;
        numbers(m, start, n, drawn);
        for (int64_t i = 0; i < n; i++) keep[i] = (int32_t)drawn[i] < m->steps ? 1.0f : 0.0f;
    } else {
        cut(d, n, m->bits, &m->ties, keep);
    }
    if (m->thin == BAND) {
        cut(d, n, m->top, &m->top_ties, other);
        for (int64_t i = 0; i < n; i++) keep[i] = keep[i] > other[i] ? 1.0f : 0.0f;
    }
    float factor = m->factor;
    for (int64_t i = 0; i < n; i++) d[i] *= keep[i];
    if (factor != 1.0f)
        for (int64_t i = 0; i < n; i++) d[i] *= factor;
}

INLINE void variance(const float *d, int models, int64_t strip, int64_t n, float share,
                            float *restrict mean, float *restrict out) {
    for (int64_t i = 0; i < n; i++) mean[i] = 0, out[i] = 0;
    for (int m = 0; m < models; m++) {
        const float *restrict x = d + m * strip;
        for (int64_t i = 0; i < n; i++) mean[i] += x[i] * share;
    }
    for (int m = 0; m < models; m++) {
        const float *restrict x = d + m * strip;
        for (int64_t i = 0; i < n; i++) {
            float away = x[i] - mean[i];
            out[i] += (away * away) * share;
        }
    }
}

/* The disjoint merge of an element: of its parts, those whose sign is that of their sum. The
   number of models is written out where this is called, so that all stays in registers. */
typedef struct { float weight[MANY], vote[MANY], size[MANY], least; } Shares;

INLINE Shares shares(const Merge *job, const Model *models, int count) {
    Shares all;
    for (int m = 0; m < count; m++) {
        all.weight[m] = models[m].weight;
        all.vote[m] = models[m].vote;
        all.size[m] = job->normalize ? models[m].size : 0;
    }
    all.least = job->normalize ? 1e-30f : 1.0f;
    return all;
}

INLINE float elected(const Shares *all, const float *x, int count) {
    float sign = 0, total = 0, divisor = 0;
    for (int m = 0; m < count; m++) sign += x[m] * all->vote[m];
    uint32_t side = bits_of(sign) & ~MAGNITUDE, chosen = sign < 0 || sign > 0;
    for (int m = 0; m < count; m++) {
        float part = x[m] * all->weight[m];
        float agrees = (from_bits(bits_of(part) ^ side) > 0) & chosen ? 1.0f : 0.0f;
        total += part * agrees;
        divisor = m ? divisor + agrees * all->size[m] : agrees * all->size[m];
    }
    return total / (divisor < all->least ? all->least : divisor);
}

INLINE void elect(const Merge *job, const Model *models, const float *restrict d, int64_t n,
                  int count, float *restrict total) {
    Shares all = shares(job, models, count);
    for (int64_t i = 0; i < n; i++) {
        float x[MANY];
        for (int m = 0; m < count; m++) x[m] = d[m * job->strip + i];
        total[i] = elected(&all, x, count);
    }
}

INLINE void sum(const Model *models, const float *d, const Merge *job, int64_t n,
                float *restrict total, float *restrict sign, float *restrict divisor) {
    if (job->elect && job->models == 2) {
        elect(job, models, d, n, 2, total);
        return;
    }
    if (job->elect && job->models == 3) {
        elect(job, models, d, n, 3, total);
        return;
    }
    for (int64_t i = 0; i < n; i++) total[i] = 0, sign[i] = 0, divisor[i] = 0;
    if (!job->elect) {
        for (int m = 0; m < job->models; m++) {
            const float *restrict x = d + m * job->strip;
            float weight = models[m].weight;
            for (int64_t i = 0; i < n; i++) total[i] += x[i] * weight;
        }
        return;
    }
    for (int m = 0; m < job->models; m++) {
        const float *restrict x = d + m * job->strip;
        float vote = models[m].vote;
        for (int64_t i = 0; i < n; i++) sign[i] += x[i] * vote;
    }
    for (int64_t i = 0; i < n; i++)
        sign[i] = (sign[i] > 0 ? 1.0f : 0.0f) - (sign[i] < 0 ? 1.0f : 0.0f);
    for (int m = 0; m < job->models; m++) {
        const float *restrict x = d + m * job->strip;
        float weight = models[m].weight, size = models[m].size;
        for (int64_t i = 0; i < n; i++) {
            float part = x[i] * weight;
            float agrees = part * sign[i] > 0 ? 1.0f : 0.0f;
            total[i] += part * agrees;
            divisor[i] += agrees * size;
        }
    }
    if (job->normalize)
        for (int64_t i = 0; i < n; i++)
            total[i] /= divisor[i] < 1e-30f ? 1e-30f : divisor[i];
}

/* Whether `straight` knows the job: numbers of sixteen bits, of which the largest vote. */
INLINE int is_straight(const Merge *job, const Model *models) {
    int known = job->elect && !job->varied && (job->models == 2 || job->models == 3);
    known &= job->base_code == BF16 && job->result_code == BF16;
    for (int m = 0; m < job->models; m++) {
        int largest = models[m].thin == LARGEST && models[m].bits < INFINITE;
        known &= models[m].code == BF16 && models[m].factor == 1.0f;
        known &= largest || models[m].thin == ALL;
    }
    return known;
}

/* Merge a strip in one go, as if all ties in it were kept; returns how many values are not finite,
   or -1 where there are more ties than may be kept: then nothing counts. */
INLINE int64_t straight(const Merge *job, Model *models, int64_t at, int64_t n, int count,
                        float *restrict total) {
    Shares all = shares(job, models, count);
    const uint16_t *restrict base = (const uint16_t *)job->base + at, *restrict in[MANY];
    int32_t from[MANY], equal[MANY];
    float scale = job->scale, lambda = job->lambda;
    for (int m = 0; m < count; m++) {
        in[m] = (const uint16_t *)models[m].raw + at;
        from[m] = models[m].thin == ALL ? 0 : (int32_t)models[m].bits + (models[m].ties == 0);
        equal[m] = 0;
    }
    for (int64_t i = 0; i < n; i++) {
        float x[MANY], first = widened(base[i]);
        for (int m = 0; m < count; m++) {
            x[m] = widened(in[m][i]) - first;
            equal[m] += (int32_t)magnitude(x[m]) == from[m];
            x[m] = (int32_t)magnitude(x[m]) >= from[m] ? x[m] : 0.0f;
        }
        total[i] = first * scale + elected(&all, x, count) * lambda;
    }
    int out = 0;
    for (int m = 0; m < count; m++) {
        equal[m] = models[m].ties > 0 && models[m].ties < ALL_TIES ? equal[m] : 0;
        out |= equal[m] > models[m].ties;
    }
    if (out) return -1;
    for (int m = 0; m < count; m++) models[m].ties -= equal[m];
    return narrow(total, n, BF16, job->result, at);
}

/* Merge n elements; returns how many values of the result are not finite. */
WIDE int64_t lexgraft_merge(Merge *job, Model *models, int64_t n) {
    int64_t strip = job->strip, bad = 0;
    float *d = job->work, *base = d + job->models * strip, *total = base + strip;
    float *one = total + strip, *two = one + strip;
    int direct = is_straight(job, models);
    for (int64_t at = 0; at < n; at += strip) {
        int64_t count = n - at < strip ? n - at : strip;
        if (direct) {
            int64_t some = job->models == 2 ? straight(job, models, at, count, 2, total)
                                            : straight(job, models, at, count, 3, total);
            if (some >= 0) {
                bad += some;
                continue;
            }
        }
        fetch(job, models, at, count);
        for (int m = 0; m < job->models; m++)
            thin(models + m, d + m * strip, job->start + at, count, one, two, job->room);
        if (job->varied) {
            variance(d, job->models, strip, count, job->share, one, two);
            cut(two, count, job->bits, &job->ties, one);
            for (int m = 0; m < job->models; m++) {
                float *restrict x = d + m * strip;
                for (int64_t i = 0; i < count; i++) x[i] *= one[i];
            }
        }
        sum(models, d, job, count, total, one, two);
        float scale = job->scale, lambda = job->lambda;
        for (int64_t i = 0; i < count; i++) total[i] = base[i] * scale + total[i] * lambda;
        bad += narrow(total, count, job->result_code, job->result, at);
    }
    job->start += n;
    return bad;
}

/* Whether all n values are finite: no exponent is all ones. */
WIDE int32_t lexgraft_finite(const void *raw, int32_t code, int64_t n) {
    uint32_t top = 0;
    if (code == F32) {
        const uint32_t *restrict in = raw;
        for (int64_t i = 0; i < n; i++) top = (in[i] & 0x7f800000u) > top ? in[i] & 0x7f800000u : top;
        return top != 0x7f800000u;
    }
    const uint16_t *restrict in = raw;
    uint16_t most = 0;
    for (int64_t i = 0; i < n; i++) {
        uint16_t one = in[i] & 0x7f80u;
        most = one > most ? one : most;
    }
    return most != 0x7f80u;
}

/* What is ranked: the models' deltas, or the one variance between them; returns the first. */
INLINE float *ranked(const Merge *job, const Model *models, int64_t at, int64_t n) {
    int64_t strip = job->strip;
    float *d = job->work, *base = d + job->models * strip;
    fetch(job, models, at, n);
    if (!job->varied) return d;
    variance(d, job->models, strip, n, job->share, base, base + strip);
    return base + strip;
}

/* Count the upper 15 bits below the sign of what is ranked, and zeros: 32,769 counts a track. */
WIDE void lexgraft_upper(const Merge *job, const Model *models, int64_t n, uint32_t *counts) {
    int tracks = job->varied ? 1 : job->models;
    for (int64_t at = 0; at < n; at += job->strip) {
        int64_t count = n - at < job->strip ? n - at : job->strip;
        const float *x = ranked(job, models, at, count);
        for (int t = 0; t < tracks; t++) {
            const float *restrict one = x + t * job->strip;
            uint32_t *mine = counts + t * (UPPER + 1), zeros = 0;
            for (int64_t i = 0; i < count; i++) zeros += one[i] == 0;
            for (int64_t i = 0; i < count; i++) mine[(bits_of(one[i]) & MAGNITUDE) >> 16]++;
            mine[UPPER] += zeros;
        }
    }
}

/* Count the magnitudes of `low` and the SPAN - 1 above it one by one, and those above them all;
   at last, where the variance is ranked, the zeros. */
WIDE void lexgraft_between(const Merge *job, const Model *models, int64_t n, int32_t wishes,
                           const int32_t *track, const uint32_t *low, uint64_t *above,
                           uint32_t *counts) {
    uint8_t *restrict near = (uint8_t *)(job->work + (job->models + 3) * job->strip);
    uint16_t *restrict some = (uint16_t *)(near + job->strip + 8);
    for (int64_t at = 0; at < n; at += job->strip) {
        int64_t count = n - at < job->strip ? n - at : job->strip;
        const float *x = ranked(job, models, at, count);
        for (int w = 0; w < wishes; w++) {
            const float *restrict one = x + track[w] * job->strip;
            uint32_t *mine = counts + (int64_t)w * SPAN, from = low[w];
            int32_t higher = 0;
            for (int64_t i = 0; i < count; i++) {
                uint32_t u = (bits_of(one[i]) & MAGNITUDE) - from;
                higher += (int32_t)u >= SPAN;
                near[i] = u < SPAN;
            }
            memset(near + count, 0, 8);
            int64_t groups = filled(near, count, some);
            for (int64_t g = 0; g < groups; g++)
                for (uint64_t eight = group(near + some[g]); eight; eight &= eight - 1)
                    mine[magnitude(one[some[g] + first(eight)]) - from]++;
            above[w] += higher;
        }
        if (job->varied) {
            int32_t zeros = 0;
            for (int64_t i = 0; i < count; i++) zeros += x[i] == 0;
            above[wishes] += zeros;
        }
    }
}

/* numpy's order of adding: eight sums side by side over at most 128, halves above. */
static double pairwise(const double *x, int64_t n) {
    if (n < 8) {
        double total = 0;
        for (int64_t i = 0; i < n; i++) total += x[i];
        return total;
    }
    if (n <= 128) {
        double r[8];
        int64_t i;
        for (int k = 0; k < 8; k++) r[k] = x[k];
        for (i = 8; i < n - n % 8; i += 8)
            for (int k = 0; k < 8; k++) r[k] += x[i + k];
        double total = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
        for (; i < n; i++) total += x[i];
        return total;
    }
    int64_t half = n / 2 - n / 2 % 8;
    return pairwise(x, half) + pairwise(x + half, n - half);
}

/* The dot products of every row with every row of the same number: of the deltas where they are
   selected, or (`whole`) of base, base + delta, ...; strip = width of a row; pairs in the order
   (0,0) (1,0) (1,1) ... where `crossed`, else only the squares. */
WIDE void lexgraft_dots(Merge *job, const Model *models, int64_t n, int32_t whole, int32_t crossed,
                        double *products, double *found) {
    int64_t strip = job->strip, rows = n / strip;
    float *d = job->work, *base = d + job->models * strip, *one = base + 2 * strip;
    for (int64_t row = 0; row < rows; row++) {
        int64_t at = row * strip, pair = 0;
        fetch(job, models, at, strip);
        if (job->varied) {
            variance(d, job->models, strip, strip, job->share, one, one + strip);
            cut(one + strip, strip, job->bits, &job->ties, one);
        }
        for (int m = 0; m < job->models; m++) {
            float *restrict x = d + m * strip;
            if (job->varied)
                for (int64_t i = 0; i < strip; i++) x[i] *= one[i];
            if (whole)
                for (int64_t i = 0; i < strip; i++) x[i] = base[i] + x[i];
        }
        for (int i = 0; i < job->models; i++)
            for (int j = crossed ? 0 : i; j <= i; j++, pair++) {
                const float *restrict x = d + i * strip, *restrict y = d + j * strip;
                for (int64_t k = 0; k < strip; k++) products[k] = (double)x[k] * (double)y[k];
                found[pair * rows + row] = pairwise(products, strip);
            }
    }
}

/* The digest of this file that the library was made from: another one is not used. */
const char *lexgraft_source(void) { return SOURCE; }
