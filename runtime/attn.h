/* attn: calls compiled attention patterns.
 *
 * The C interface of the library attn-runtime. It needs no compiler; code for
 * GPUs needs NVIDIA's driver, which is opened when a device is. docs/runtime.md
 * has an example.
 *
 * Every function that can fail returns an attn_status; attn_message() then
 * says what is wrong. Nothing throws. All functions may be called from any
 * thread; one attn_call is used by one thread at a time. Handles may be freed
 * in any order: what is still needed stays alive. Texts belong to the handle
 * that gave them.
 */
#ifndef ATTN_H
#define ATTN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ATTN_API __attribute__((visibility("default")))
#else
#define ATTN_API
#endif

/* Of this header. Functions are added; none is changed. */
#define ATTN_ABI_VERSION 1
ATTN_API int32_t attn_abi_version(void);

typedef enum attn_status {
  ATTN_OK = 0,
  ATTN_MISUSE = 1,       /* a null pointer, an index out of range */
  ATTN_NOT_FOUND = 2,    /* no such file, variant or name */
  ATTN_MALFORMED = 3,    /* the artifact is damaged or of another version */
  ATTN_NO_DRIVER = 4,    /* no NVIDIA driver, or one that is too old */
  ATTN_NO_DEVICE = 5,    /* no GPU, or not so many */
  ATTN_UNSUPPORTED = 6,  /* nothing in the artifact runs on this device */
  ATTN_ARGUMENT = 7,     /* tensors or parameters of a call are wrong */
  ATTN_WORKSPACE = 8,    /* the workspace is too small or not aligned */
  ATTN_DRIVER_ERROR = 9, /* the driver reported an error */
  ATTN_NO_MEMORY = 10,   /* the host has no memory left */
} attn_status;

/* What was wrong with the last call of this thread that failed; never null. */
ATTN_API const char *attn_message(void);

/* ---- Data: the structs of DLPack, under other names ---- */

/* code 0 int, 1 uint, 2 float, 4 bfloat, 6 bool (one byte); lanes is 1. */
typedef struct attn_dtype {
  uint8_t code, bits;
  uint16_t lanes;
} attn_dtype;

typedef enum attn_device_type { ATTN_CPU = 1, ATTN_CUDA = 2 } attn_device_type;

/* Layout of a DLTensor: a pointer to one can be cast. */
typedef struct attn_tensor {
  void *data;           /* device memory; may be null if a length is 0 */
  int32_t device_type;  /* ATTN_CUDA (also 13: managed memory) */
  int32_t device_id;    /* ordinal of the device */
  int32_t ndim;
  attn_dtype dtype;
  const int64_t *shape;
  const int64_t *strides; /* in elements; null: dense, the last axis fastest */
  uint64_t byte_offset;   /* of the first element behind `data` */
} attn_tensor;

/* ---- Artifacts: what `attnc build` writes ---- */

typedef struct attn_artifact attn_artifact;

/* One choice of everything that is compiled in. */
typedef struct attn_variant {
  const char *dtype;   /* of q, k and v: "bf16", "f16", "f32" */
  int64_t D, E;        /* components of q and k, and of v; 0: the pattern has none */
  const char *targets; /* "sm_90a sm_80" */
} attn_variant;

/* Reads DIR/NAME.json. */
ATTN_API attn_status attn_artifact_load(const char *path, attn_artifact **out);
ATTN_API void attn_artifact_free(attn_artifact *artifact);
ATTN_API const char *attn_artifact_name(const attn_artifact *artifact);
ATTN_API int32_t attn_artifact_variants(const attn_artifact *artifact);
ATTN_API attn_status attn_artifact_variant(const attn_artifact *artifact, int32_t index, attn_variant *out);
/* The first variant that fits; null or 0 fit everything. */
ATTN_API attn_status attn_artifact_find(const attn_artifact *artifact, const char *dtype, int64_t D, int64_t E, int32_t *index);

/* ---- Devices ---- */

typedef struct attn_device attn_device;

typedef struct attn_device_info {
  const char *name;
  int32_t major, minor; /* compute capability */
  int32_t multiprocessors;
  int64_t shared_bytes; /* shared memory that one block can have */
} attn_device_info;

/* `type` is ATTN_CUDA; ATTN_CPU is not supported yet. `driver` is the driver's
 * file, null for what the environment variable ATTN_CUDA_DRIVER names, or else
 * libcuda.so.1. The device's primary context is used, the one that PyTorch and
 * the CUDA runtime use; it is current only inside calls of this library. */
ATTN_API attn_status attn_device_open(attn_device_type type, int32_t ordinal, const char *driver, attn_device **out);
ATTN_API void attn_device_free(attn_device *device);
ATTN_API attn_status attn_device_get(const attn_device *device, attn_device_info *out);

/* ---- Functions: a variant loaded on a device ---- */

typedef struct attn_function attn_function;

/* Picks the binary for the device: compute capability 9.0 takes the sm_90a
 * cubin, 8.x the sm_80 cubin; others take sm_80 PTX, which the driver compiles. */
ATTN_API attn_status attn_function_load(const attn_artifact *artifact, int32_t variant, const attn_device *device, attn_function **out);
ATTN_API void attn_function_free(attn_function *function);
/* "sm_90a cubin", "sm_80 ptx": what was picked. */
ATTN_API const char *attn_function_binary(const attn_function *function);

typedef enum attn_kind { ATTN_INPUT, ATTN_OUTPUT, ATTN_INT, ATTN_REAL, ATTN_BOOL } attn_kind;

/* An argument of calls. Dimensions of a tensor are its labels ("B", "H", "N",
 * ..; equal labels, equal lengths), then its components. */
typedef struct attn_argument {
  const char *name;
  attn_kind kind;
  const char *dtype;     /* of a tensor's elements, else "" */
  const char *labels;    /* "B H N", else "" */
  int32_t components;    /* dimensions behind the labels */
  const int64_t *shape;  /* their lengths */
  int32_t optional;      /* whether there is a default */
} attn_argument;

ATTN_API int32_t attn_function_arguments(const attn_function *function);
ATTN_API attn_status attn_function_argument(const attn_function *function, int32_t index, attn_argument *out);

/* A kernel that a call launches. */
typedef struct attn_kernel {
  const char *name;
  const char *path;   /* "tensor cores" or "simt" */
  const char *reason; /* why not tensor cores, else "" */
  int32_t threads, registers;
  int64_t shared_bytes;
  int64_t rows, cols; /* of a tile; cols is 0 for kernels without a sweep */
} attn_kernel;

ATTN_API int32_t attn_function_kernels(const attn_function *function);
ATTN_API attn_status attn_function_kernel(const attn_function *function, int32_t index, attn_kernel *out);

/* ---- Calls ---- */

/* The arguments of calls of one function. May be run many times; arguments may
 * be set again in between. */
typedef struct attn_call attn_call;

ATTN_API attn_status attn_call_create(const attn_function *function, attn_call **out);
ATTN_API void attn_call_free(attn_call *call);

/* By name; shape and strides are copied, data is not. Whether an argument fits
 * is found out by attn_call_workspace and attn_call_run. Parameters that are
 * not set take their defaults: ints and truth values by _int, reals by either. */
ATTN_API attn_status attn_call_tensor(attn_call *call, const char *name, const attn_tensor *tensor);
ATTN_API attn_status attn_call_int(attn_call *call, const char *name, int64_t value);
ATTN_API attn_status attn_call_real(attn_call *call, const char *name, double value);
/* Takes an argument away again. */
ATTN_API attn_status attn_call_unset(attn_call *call, const char *name);
/* Three int64 in device memory to which calls add their visited, mixed and
 * tested tiles; null: nobody counts. */
ATTN_API attn_status attn_call_stats(attn_call *call, void *stats);

/* Checks the arguments and says how much workspace a run needs; 0 is possible. */
ATTN_API attn_status attn_call_workspace(attn_call *call, uint64_t *bytes);
/* Launches on `stream` (a CUstream or cudaStream_t; null: the default stream)
 * and returns without waiting. `workspace` is device memory, aligned to 256
 * bytes, that nothing else uses until the launched work is done. */
ATTN_API attn_status attn_call_run(attn_call *call, void *workspace, uint64_t bytes, void *stream);

#ifdef __cplusplus
}
#endif
#endif
