// The system's libcrypto (https://www.openssl.org, 1.1 or later), for Sources/GygesFiles/Digest.swift alone.
#ifndef GYGES_CRYPTO_SHIM_H
#define GYGES_CRYPTO_SHIM_H

#include <openssl/evp.h>

#endif
