#ifndef CGALOIS_H
#define CGALOIS_H

#include <stdint.h>

/// The product in GF(2^48) = GF(2)[x] / (x^48 + x^5 + x^3 + x^2 + 1), of two elements below 2^48.
uint64_t galois_multiply(uint64_t a, uint64_t b);

#endif
