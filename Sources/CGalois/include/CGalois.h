#ifndef CGALOIS_H
#define CGALOIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// GF(2^48) = GF(2)[x] / (x^48 + x^5 + x^3 + x^2 + 1). Elements are below 2^48.

/// The product of two elements.
uint64_t galois_multiply(uint64_t a, uint64_t b);

/// The same without carry-less multiplication instructions: for processors that have none, and for
/// tests.
uint64_t galois_multiply_portable(uint64_t a, uint64_t b);

/// Whether `galois_multiply` uses instructions of the processor.
bool galois_is_accelerated(void);

/// Adds value, value^3, value^5 ... to the `count` sums.
void galois_add_odd_powers(uint64_t *sums, size_t count, uint64_t value);

/// Adds factor * source[i] to target[i], for i below `count`.
void galois_multiply_add(uint64_t *target, const uint64_t *source, size_t count, uint64_t factor);

#endif
