// The system's zlib (https://zlib.net), for Sources/GygesFiles/Archives/Deflate.swift alone.
#ifndef GYGES_ZLIB_SHIM_H
#define GYGES_ZLIB_SHIM_H

#include <zlib.h>

// What zlib.h offers only as a macro: raw deflate (no header, no checksum), at a level from 1 to 9.
static inline int gyges_deflate_init_raw(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
}

static inline int gyges_inflate_init_raw(z_stream *stream) { return inflateInit2(stream, -MAX_WBITS); }

#endif
