// The system's MPI (https://www.mpi-forum.org), for Sources/GygesMPI alone. Communicators and types are macros, which Swift does not see.
#ifndef GYGES_MPI_SHIM_H
#define GYGES_MPI_SHIM_H

#include <mpi.h>

enum { gyges_mpi_message_limit = MPI_MAX_ERROR_STRING, gyges_mpi_success = MPI_SUCCESS };

// Joins the group that this process was started in; MPI_ERR_OTHER where threads may not take turns to call MPI. Errors are returned from here on.
static inline int gyges_mpi_start(int *rank, int *count) {
    int provided = 0;
    int code = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided);
    if (code == MPI_SUCCESS && provided < MPI_THREAD_SERIALIZED) code = MPI_ERR_OTHER;
    if (code == MPI_SUCCESS) code = MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    if (code == MPI_SUCCESS) code = MPI_Comm_rank(MPI_COMM_WORLD, rank);
    if (code == MPI_SUCCESS) code = MPI_Comm_size(MPI_COMM_WORLD, count);
    return code;
}

static inline int gyges_mpi_finish(void) { return MPI_Finalize(); }

static inline int gyges_mpi_abort(int status) { return MPI_Abort(MPI_COMM_WORLD, status); }

// Sends a stretch of numbers to each process, and receives one from each.
static inline int gyges_mpi_exchange(
    const float *from, const int *from_counts, const int *from_places, float *to, const int *to_counts, const int *to_places) {
    return MPI_Alltoallv(from, from_counts, from_places, MPI_FLOAT, to, to_counts, to_places, MPI_FLOAT, MPI_COMM_WORLD);
}

// Gives all processes the stretch that each has in its place.
static inline int gyges_mpi_share(float *values, const int *counts, const int *places) {
    return MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, values, counts, places, MPI_FLOAT, MPI_COMM_WORLD);
}

// Gives all processes the numbers of each.
static inline int gyges_mpi_gather(const double *from, double *to, int count) {
    return MPI_Allgather(from, count, MPI_DOUBLE, to, count, MPI_DOUBLE, MPI_COMM_WORLD);
}

// What an error code means, in at most gyges_mpi_message_limit bytes.
static inline void gyges_mpi_message(int code, char *text) {
    int length = 0;
    if (MPI_Error_string(code, text, &length) != MPI_SUCCESS) text[0] = 0;
}

#endif
