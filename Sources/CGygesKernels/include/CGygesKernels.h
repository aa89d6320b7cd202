#ifndef CGYGES_KERNELS_H
#define CGYGES_KERNELS_H
#endif
