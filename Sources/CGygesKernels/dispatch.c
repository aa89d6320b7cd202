#include "CGygesKernels.h"
