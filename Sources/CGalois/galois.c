#include "CGalois.h"

uint64_t galois_multiply(uint64_t a, uint64_t b) {
    uint64_t product = 0;
    for (; b; b >>= 1) {
        if (b & 1) product ^= a;
        a <<= 1;
        if (a >> 48) a ^= (UINT64_C(1) << 48) | 0x2d;
    }
    return product;
}
