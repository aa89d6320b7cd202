// The system's libzstd (https://facebook.github.io/zstd), for Sources/GygesFiles/Archives/Zstandard.swift alone.
#ifndef GYGES_ZSTD_SHIM_H
#define GYGES_ZSTD_SHIM_H

#include <zstd.h>

#endif
