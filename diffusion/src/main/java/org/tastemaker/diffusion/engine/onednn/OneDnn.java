package org.tastemaker.diffusion.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_format_tag_any;
import static org.bytedeco.dnnl.global.dnnl.dnnl_get_effective_cpu_isa;
import static org.bytedeco.dnnl.global.dnnl.dnnl_invalid_arguments;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_clone;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_strides;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_tag;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_equal;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_append_binary;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_append_eltwise;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_append_sum;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_post_ops;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_scratchpad_mode;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_impl_info_str;
import static org.bytedeco.dnnl.global.dnnl.dnnl_scratchpad_mode_user;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_default_flags;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_success;
import static org.bytedeco.dnnl.global.dnnl.dnnl_unimplemented;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * oneDNN's C interface, as far as the kernels of this package use it: one engine, one stream and
 * all that was made with them, freed together.
 *
 * <p>A primitive that oneDNN does not have for a shape is an {@link Unsupported}, for which the
 * compiler takes ND4J's ops; every other failure is an {@link IllegalStateException}. Primitives
 * use a scratchpad that their user provides.
 */
final class OneDnn implements AutoCloseable {
  private final dnnl_engine engine = new dnnl_engine();
  private final dnnl_stream stream = new dnnl_stream();
  private final Deque<Runnable> frees = new ArrayDeque<>();
  private final Map<List<Object>, dnnl_memory_desc> descs = new HashMap<>();

  OneDnn() {
    check("engine", dnnl_engine_create(engine, dnnl_cpu, 0));
    frees.push(() -> dnnl_engine_destroy(engine));
    check("stream", dnnl_stream_create(stream, engine, dnnl_stream_default_flags));
    frees.push(() -> dnnl_stream_destroy(stream));
  }

  /** oneDNN has no primitive for these shapes, layouts or post-ops. */
  static final class Unsupported extends RuntimeException {
    private static final long serialVersionUID = 1;

    Unsupported(String what) {
      super("oneDNN has no " + what);
    }
  }

  // ---- Layouts

  /** A layout whose dimensions lie one after the other, the last one fastest. */
  dnnl_memory_desc dense(long... dims) {
    return strided(dims, denseStrides(dims));
  }

  /** A layout of float32 with given distances between neighbours along each dimension. */
  dnnl_memory_desc strided(long[] dims, long[] strides) {
    return strided(dnnl_f32, dims, strides);
  }

  /**
   * A layout with given distances between neighbours along each dimension.
   *
   * @param type of the elements, one of oneDNN's
   */
  dnnl_memory_desc strided(int type, long[] dims, long[] strides) {
    return descs.computeIfAbsent(
        List.of(type, asList(dims), asList(strides)),
        key -> {
          dnnl_memory_desc desc = new dnnl_memory_desc();
          check(
              "memory descriptor " + key,
              dnnl_memory_desc_create_with_strides(desc, dims.length, dims, type, strides));
          frees.push(() -> dnnl_memory_desc_destroy(desc));
          return desc;
        });
  }

  /**
   * A layout that the primitive may choose.
   *
   * @param type of the elements, one of oneDNN's
   */
  dnnl_memory_desc any(int type, long... dims) {
    return descs.computeIfAbsent(
        List.of(type, asList(dims)),
        key -> {
          dnnl_memory_desc desc = new dnnl_memory_desc();
          check(
              "memory descriptor " + key,
              dnnl_memory_desc_create_with_tag(desc, dims.length, dims, type, dnnl_format_tag_any));
          frees.push(() -> dnnl_memory_desc_destroy(desc));
          return desc;
        });
  }

  /** A layout of its own, which outlives the primitive that the other belongs to. */
  dnnl_memory_desc copy(dnnl_memory_desc other) {
    dnnl_memory_desc desc = new dnnl_memory_desc();
    check("memory descriptor", dnnl_memory_desc_clone(desc, other));
    frees.push(() -> dnnl_memory_desc_destroy(desc));
    return desc;
  }

  static long[] denseStrides(long... dims) {
    long[] strides = new long[dims.length];
    long stride = 1;
    for (int i = dims.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= dims[i];
    }
    return strides;
  }

  /** Whether this processor multiplies numbers of bfloat16, two for one of float32. */
  static boolean hasBfloat16Products() {
    return (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core_bf16)
        == dnnl_cpu_isa_avx512_core_bf16;
  }

  static long bytes(dnnl_memory_desc desc) {
    return dnnl_memory_desc_get_size(desc);
  }

  static boolean same(dnnl_memory_desc a, dnnl_memory_desc b) {
    return dnnl_memory_desc_equal(a, b) != 0;
  }

  private static List<Long> asList(long[] values) {
    return Arrays.stream(values).boxed().toList();
  }

  // ---- Attributes

  dnnl_primitive_attr attributes(List<PostOp> postOps) {
    dnnl_primitive_attr attr = new dnnl_primitive_attr();
    check("attributes", dnnl_primitive_attr_create(attr));
    frees.push(() -> dnnl_primitive_attr_destroy(attr));
    check("scratchpad", dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user));
    if (!postOps.isEmpty()) {
      dnnl_post_ops ops = new dnnl_post_ops();
      check("post-ops", dnnl_post_ops_create(ops));
      postOps.forEach(op -> append(ops, op));
      check("post-ops", dnnl_primitive_attr_set_post_ops(attr, ops));
      dnnl_post_ops_destroy(ops);
    }
    return attr;
  }

  private static void append(dnnl_post_ops ops, PostOp op) {
    int status;
    if (op.operand() != null) {
      status = dnnl_post_ops_append_binary(ops, op.algorithm(), op.operand().layout());
    } else if (op.algorithm() == 0) {
      status = dnnl_post_ops_append_sum(ops, op.alpha(), 0, dnnl_f32);
    } else {
      status = dnnl_post_ops_append_eltwise(ops, op.algorithm(), op.alpha(), op.beta());
    }
    check("post-op", status);
  }

  // ---- Primitives

  dnnl_engine engine() {
    return engine;
  }

  /** Makes a primitive's description: calls the one of the C functions that is given. */
  dnnl_primitive_desc describe(String what, ToIntFunction<dnnl_primitive_desc> create) {
    dnnl_primitive_desc desc = new dnnl_primitive_desc();
    int status = create.applyAsInt(desc);
    if (status == dnnl_unimplemented || status == dnnl_invalid_arguments) {
      throw new Unsupported(what + " (status " + status + ")");
    }
    check(what, status);
    frees.push(() -> dnnl_primitive_desc_destroy(desc));
    return desc;
  }

  /** The layout of one of a primitive's tensors; owned by the description. */
  static dnnl_memory_desc layout(dnnl_primitive_desc desc, int query) {
    return dnnl_primitive_desc_query_md(desc, query, 0);
  }

  static String implementation(dnnl_primitive_desc desc) {
    try (PointerPointer<BytePointer> name = new PointerPointer<>(1)) {
      dnnl_primitive_desc_query(desc, dnnl_query_impl_info_str, 0, name);
      return name.get(BytePointer.class).getString();
    }
  }

  dnnl_primitive primitive(dnnl_primitive_desc desc) {
    dnnl_primitive primitive = new dnnl_primitive();
    check("primitive", dnnl_primitive_create(primitive, desc));
    frees.push(() -> dnnl_primitive_destroy(primitive));
    return primitive;
  }

  /** A view of memory that somebody else owns. */
  dnnl_memory memory(dnnl_memory_desc desc, long address) {
    dnnl_memory memory = new dnnl_memory();
    check("memory", dnnl_memory_create(memory, desc, engine, new Address(address)));
    frees.push(() -> dnnl_memory_destroy(memory));
    return memory;
  }

  void execute(dnnl_primitive primitive, int count, dnnl_exec_arg_t args) {
    int status = dnnl_primitive_execute(primitive, stream, count, args);
    if (status != dnnl_success) {
      check("execution", status);
    }
  }

  @Override
  public void close() {
    while (!frees.isEmpty()) {
      frees.pop().run();
    }
  }

  private static void check(String what, int status) {
    if (status != dnnl_success) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT, "oneDNN failed at %s: status %s of dnnl_status_t", what, status));
    }
  }

  /** A number as a pointer. */
  static final class Address extends Pointer {
    Address(long address) {
      super((Pointer) null);
      this.address = address;
    }
  }
}
