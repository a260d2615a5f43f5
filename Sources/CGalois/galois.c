#include "CGalois.h"

#define MASK ((UINT64_C(1) << 48) - 1)

// The product has at most 95 bits: `low` the lowest 64, `high` the others. x^48 is
// x^5 + x^3 + x^2 + 1; folding twice suffices, since the first fold leaves at most 52 bits.
static inline uint64_t reduce(uint64_t low, uint64_t high) {
    uint64_t above = (low >> 48) | (high << 16);
    uint64_t folded = above ^ (above << 2) ^ (above << 3) ^ (above << 5);
    uint64_t rest = folded >> 48;
    return (low & MASK) ^ (folded & MASK) ^ rest ^ (rest << 2) ^ (rest << 3) ^ (rest << 5);
}

// Four bits of b at a time. Time does not depend on secrets: there are none.
uint64_t galois_multiply_portable(uint64_t a, uint64_t b) {
    uint64_t table[16] = {0, a};
    for (int i = 2; i < 16; i++) table[i] = i & 1 ? table[i - 1] ^ a : table[i / 2] << 1;
    uint64_t low = 0, high = 0;
    for (int shift = 44; shift >= 0; shift -= 4) {
        high = (high << 4) | (low >> 60);
        low = (low << 4) ^ table[(b >> shift) & 15];
    }
    return reduce(low, high);
}

#define FOUR_CHAINS(MULTIPLY)                                                                    \
    uint64_t square = MULTIPLY(value, value), fourth = MULTIPLY(square, square);                \
    uint64_t eighth = MULTIPLY(fourth, fourth), third = MULTIPLY(value, square);                \
    uint64_t power[4] = {value, third, MULTIPLY(value, fourth), MULTIPLY(third, fourth)};       \
    size_t i = 0;                                                                                \
    for (; i + 4 <= count; i += 4) {                                                             \
        for (int chain = 0; chain < 4; chain++) {                                                \
            sums[i + chain] ^= power[chain];                                                     \
            power[chain] = MULTIPLY(power[chain], eighth);                                       \
        }                                                                                        \
    }                                                                                            \
    for (int chain = 0; i < count; i++, chain++) sums[i] ^= power[chain];

static void add_odd_powers_portable(uint64_t *sums, size_t count, uint64_t value) {
    FOUR_CHAINS(galois_multiply_portable)
}

static void multiply_add_portable(
    uint64_t *target, const uint64_t *source, size_t count, uint64_t factor) {
    for (size_t i = 0; i < count; i++) target[i] ^= galois_multiply_portable(source[i], factor);
}

#if defined(__x86_64__)
#include <immintrin.h>

#define ACCELERATED __attribute__((target("pclmul,sse2")))

bool galois_is_accelerated(void) { return __builtin_cpu_supports("pclmul"); }

ACCELERATED static inline uint64_t multiply(uint64_t a, uint64_t b) {
    __m128i product = _mm_clmulepi64_si128(
        _mm_cvtsi64_si128((long long)a), _mm_cvtsi64_si128((long long)b), 0);
    uint64_t high = (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(product, product));
    return reduce((uint64_t)_mm_cvtsi128_si64(product), high);
}

#elif defined(__aarch64__) && defined(__ARM_FEATURE_AES)
#include <arm_neon.h>

#define ACCELERATED

bool galois_is_accelerated(void) { return true; }

static inline uint64_t multiply(uint64_t a, uint64_t b) {
    poly128_t product = vmull_p64((poly64_t)a, (poly64_t)b);
    return reduce((uint64_t)product, (uint64_t)(product >> 64));
}

#else
#define PORTABLE_ONLY
#endif

#ifdef PORTABLE_ONLY

bool galois_is_accelerated(void) { return false; }
uint64_t galois_multiply(uint64_t a, uint64_t b) { return galois_multiply_portable(a, b); }
void galois_add_odd_powers(uint64_t *sums, size_t count, uint64_t value) {
    add_odd_powers_portable(sums, count, value);
}
void galois_multiply_add(
    uint64_t *target, const uint64_t *source, size_t count, uint64_t factor) {
    multiply_add_portable(target, source, count, factor);
}

#else

ACCELERATED static uint64_t multiply_accelerated(uint64_t a, uint64_t b) {
    return multiply(a, b);
}

ACCELERATED static void add_odd_powers(uint64_t *sums, size_t count, uint64_t value) {
    FOUR_CHAINS(multiply)
}

ACCELERATED static void multiply_add(
    uint64_t *target, const uint64_t *source, size_t count, uint64_t factor) {
    for (size_t i = 0; i < count; i++) target[i] ^= multiply(source[i], factor);
}

uint64_t galois_multiply(uint64_t a, uint64_t b) {
    return galois_is_accelerated() ? multiply_accelerated(a, b) : galois_multiply_portable(a, b);
}

void galois_add_odd_powers(uint64_t *sums, size_t count, uint64_t value) {
    if (galois_is_accelerated()) {
        add_odd_powers(sums, count, value);
    } else {
        add_odd_powers_portable(sums, count, value);
    }
}

void galois_multiply_add(
    uint64_t *target, const uint64_t *source, size_t count, uint64_t factor) {
    if (galois_is_accelerated()) {
        multiply_add(target, source, count, factor);
    } else {
        multiply_add_portable(target, source, count, factor);
    }
}

#endif
