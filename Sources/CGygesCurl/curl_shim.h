// The system's libcurl (https://curl.se/libcurl/, 7.68 or later), for Sources/GygesClient/HTTP alone.
//
// libcurl sets options by functions of variable arguments, which Swift does not see, and by macros; these are typed. A
// transfer is libcurl's easy handle, a set its multi handle. Functions that return `int` return libcurl's code, 0 for none.
#ifndef GYGES_CURL_SHIM_H
#define GYGES_CURL_SHIM_H

#include <curl/curl.h>

typedef size_t (*gyges_curl_sink)(char *_Nonnull bytes, size_t size, size_t count, void *_Nullable context);

static inline int gyges_curl_start(void) { return (int)curl_global_init(CURL_GLOBAL_DEFAULT); }

static inline void *_Nullable gyges_transfer_new(void) { return curl_easy_init(); }
static inline void gyges_transfer_free(void *_Nonnull transfer) { curl_easy_cleanup(transfer); }

/// Options that every transfer has: the address, times in milliseconds (0 for none), no signals, no redirects.
///
/// `error` has room for CURL_ERROR_SIZE bytes and outlives the transfer, as the contexts do; libcurl copies the address.
static inline int gyges_transfer_prepare(
    void *_Nonnull transfer, const char *_Nonnull url, long connect_time, long whole_time, long idle_seconds,
    char *_Nonnull error, gyges_curl_sink _Nonnull body, gyges_curl_sink _Nonnull header, void *_Nullable context) {
    int code = 0;
    if (!code) code = (int)curl_easy_setopt(transfer, CURLOPT_URL, url);
    if (!code) code = (int)curl_easy_setopt(transfer, CURLOPT_NOSIGNAL, 1L);
    if (!code) code = (int)curl_easy_setopt(transfer, CURLOPT_FOLLOWLOCATION, 0L);
    if (!code) code = (int)curl_easy_setopt(transfer, CURLOPT_CONNECTTIMEOUT_MS, connect_time);
    if (!code) code = (int)curl_easy_setopt(transfer, CURLOPT_TIMEOUT_MS, whole_time);
    if (!code && idle_seconds > 0) {
        code = (int)curl_easy_setopt(transfer, CURLOPT_LOW_SPEED_LIMIT, 1L);
        if (!code) code = (int)curl_easy_setopt(transfer, CURLOPT_LOW_SPEED_TIME, idle_seconds);
    }
    if (!code) code = (int)curl_easy_setopt(transfer, CURLOPT_ERRORBUFFER, error);
    if (!code) code = (int)curl_easy_setopt(transfer, CURLOPT_WRITEFUNCTION, body);
    if (!code) code = (int)curl_easy_setopt(transfer, CURLOPT_WRITEDATA, context);
    if (!code) code = (int)curl_easy_setopt(transfer, CURLOPT_HEADERFUNCTION, header);
    if (!code) code = (int)curl_easy_setopt(transfer, CURLOPT_HEADERDATA, context);
    return code;
}

/// Ignores the proxies that the environment names.
static inline int gyges_transfer_without_proxy(void *_Nonnull transfer) {
    return (int)curl_easy_setopt(transfer, CURLOPT_NOPROXY, "*");
}

/// Headers that are sent, which outlive the transfer.
static inline int gyges_transfer_headers(void *_Nonnull transfer, struct curl_slist *_Nullable headers) {
    return (int)curl_easy_setopt(transfer, CURLOPT_HTTPHEADER, headers);
}

/// Makes it a POST of a body, which libcurl copies.
static inline int gyges_transfer_post(void *_Nonnull transfer, const void *_Nonnull bytes, long long count) {
    int code = (int)curl_easy_setopt(transfer, CURLOPT_POST, 1L);
    if (!code) code = (int)curl_easy_setopt(transfer, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count);
    if (!code) code = (int)curl_easy_setopt(transfer, CURLOPT_COPYPOSTFIELDS, (const char *)bytes);
    return code;
}

/// What a sink returns to get its bytes again after `gyges_transfer_go_on`.
static inline size_t gyges_sink_pause(void) { return CURL_WRITEFUNC_PAUSE; }
/// Hands on what a sink has paused, from the set's thread.
static inline int gyges_transfer_go_on(void *_Nonnull transfer) {
    return (int)curl_easy_pause(transfer, CURLPAUSE_CONT);
}

/// The status of the answer; 0 if none came.
static inline long gyges_transfer_status(void *_Nonnull transfer) {
    long status = 0;
    curl_easy_getinfo(transfer, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static inline int gyges_is_timeout(int code) { return code == CURLE_OPERATION_TIMEDOUT; }
static inline const char *_Nonnull gyges_curl_text(int code) { return curl_easy_strerror((CURLcode)code); }

static inline void *_Nullable gyges_set_new(void) { return curl_multi_init(); }
static inline int gyges_set_add(void *_Nonnull set, void *_Nonnull transfer) {
    return (int)curl_multi_add_handle(set, transfer);
}
static inline int gyges_set_remove(void *_Nonnull set, void *_Nonnull transfer) {
    return (int)curl_multi_remove_handle(set, transfer);
}
/// Moves all transfers on as far as they go without waiting.
static inline int gyges_set_advance(void *_Nonnull set) {
    int running = 0;
    return (int)curl_multi_perform(set, &running);
}
/// Waits until a transfer can go on, until `gyges_set_wake`, or for so many milliseconds.
static inline int gyges_set_wait(void *_Nonnull set, int milliseconds) {
    return (int)curl_multi_poll(set, NULL, 0, milliseconds, NULL);
}
/// Ends a wait, from any thread.
static inline int gyges_set_wake(void *_Nonnull set) { return (int)curl_multi_wakeup(set); }

/// The next transfer that has ended, and how; `NULL` if there is none.
static inline void *_Nullable gyges_set_ended(void *_Nonnull set, int *_Nonnull code) {
    int left = 0;
    for (CURLMsg *message = curl_multi_info_read(set, &left); message; message = curl_multi_info_read(set, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        *code = (int)message->data.result;
        return message->easy_handle;
    }
    return NULL;
}

#endif
