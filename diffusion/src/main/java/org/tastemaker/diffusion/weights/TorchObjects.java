package org.tastemaker.diffusion.weights;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.primitives.ImmutableLongArray;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a file of PyTorch may hold: tensors, and containers of them. A few more names stand in
 * published checkpoints and say nothing of their tensors; those become empty objects. Every other
 * name is refused: what it stands for in Python may be a program.
 */
final class TorchObjects implements PickleObjects {
  /** An object that is there and is not looked into. */
  private record Other(String name) {}

  private record Storage(DType dtype) {}

  private enum Callable {
    DICT,
    TENSOR,
    FIRST_ARGUMENT,
    TYPED_TENSOR,
    PARAMETERS,
    OTHER
  }

  /** A dict of parameters, whose state holds them. */
  private record Parameters(PickleDict values) {}

  private static final ImmutableMap<String, DType> STORAGES =
      ImmutableMap.<String, DType>builder()
          .put("FloatStorage", DType.F32)
          .put("DoubleStorage", DType.F64)
          .put("HalfStorage", DType.F16)
          .put("BFloat16Storage", DType.BF16)
          .put("LongStorage", DType.I64)
          .put("IntStorage", DType.I32)
          .put("ShortStorage", DType.I16)
          .put("CharStorage", DType.I8)
          .put("ByteStorage", DType.U8)
          .put("BoolStorage", DType.BOOL)
          .buildOrThrow();

  private static final ImmutableMap<String, Callable> CALLABLES =
      ImmutableMap.<String, Callable>builder()
          .put("collections.OrderedDict", Callable.DICT)
          .put("torch._utils._rebuild_tensor", Callable.TENSOR)
          .put("torch._utils._rebuild_tensor_v2", Callable.TENSOR)
          .put("torch._utils._rebuild_parameter", Callable.FIRST_ARGUMENT)
          .put("torch._utils._rebuild_parameter_with_state", Callable.FIRST_ARGUMENT)
          .put("torch.nn.parameter.Parameter", Callable.FIRST_ARGUMENT)
          .put("torch._tensor._rebuild_from_type_v2", Callable.TYPED_TENSOR)
          .put("torch.nn.modules.container.ParameterDict", Callable.PARAMETERS)
          .buildOrThrow();

  /** What published checkpoints hold beside tensors, and what is not needed. */
  private static final ImmutableSet<String> OTHERS =
      ImmutableSet.of(
          "__builtin__.set",
          "__builtin__.frozenset",
          "__builtin__.bytearray",
          "builtins.set",
          "builtins.frozenset",
          "builtins.bytearray",
          "_codecs.encode",
          "collections.Counter",
          "collections.defaultdict",
          "numpy.dtype",
          "numpy.ndarray",
          "numpy.core.multiarray.scalar",
          "numpy.core.multiarray._reconstruct",
          "numpy._core.multiarray.scalar",
          "numpy._core.multiarray._reconstruct",
          "pytorch_lightning.callbacks.model_checkpoint",
          "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint",
          "pytorch_lightning.callbacks.early_stopping.EarlyStopping",
          "torch.Size",
          "torch.Tensor",
          "torch._tensor.Tensor",
          "torch.device",
          "torch.bool",
          "torch.bfloat16",
          "torch.float16",
          "torch.float32",
          "torch.float64",
          "torch.int8",
          "torch.int16",
          "torch.int32",
          "torch.int64",
          "torch.uint8");

  private static final String WAY_OUT =
      " If you trust the file, convert it in Python: load it with torch.load(file,"
          + " weights_only=False), and save the tensors with safetensors.torch.save_file";

  private final String where;
  private final Map<String, Integer> widths = new HashMap<>();
  private int copied;

  TorchObjects(String where) {
    this.where = where;
  }

  @Override
  public Object global(String module, String name) {
    String whole = module + "." + name;
    DType dtype = module.equals("torch") || module.equals("torch.cuda") ? STORAGES.get(name) : null;
    if (dtype != null) {
      return new Storage(dtype);
    }
    Callable callable = CALLABLES.get(whole);
    if (callable != null) {
      return callable;
    }
    if (OTHERS.contains(whole)) {
      return Callable.OTHER;
    }
    if (name.endsWith("Storage") || name.equals("_rebuild_tensor_v3")) {
      throw error(
          "a tensor of " + shorten(whole),
          ", which is not read. Save it as float32, float16 or bfloat16");
    }
    throw error("the name " + shorten(whole), ", which may be a program and is not run." + WAY_OUT);
  }

  @Override
  public Object call(Object callable, List<?> arguments) {
    if (!(callable instanceof Callable known)) {
      throw error("a call of what is no name", ". It is damaged or made to do harm");
    }
    return switch (known) {
      case DICT -> dict(arguments);
      case TENSOR -> tensor(arguments);
      case FIRST_ARGUMENT -> argument(arguments, 0);
      case TYPED_TENSOR -> {
        // (function, type, its arguments, state)
        if (argument(arguments, 2) instanceof List<?> inner
            && argument(arguments, 0) == Callable.TENSOR) {
          yield tensor(inner);
        }
        throw error("a tensor of a type of its own", ", which is not read." + WAY_OUT);
      }
      case PARAMETERS -> new Parameters(new PickleDict());
      case OTHER -> new Other("of another type");
    };
  }

  private Object argument(List<?> arguments, int index) {
    if (arguments.size() <= index) {
      throw error("a call with " + arguments.size() + " arguments", ". It is damaged");
    }
    return arguments.get(index);
  }

  /** A dict that is made of nothing, or as Python 2 wrote it of a list of pairs. */
  private PickleDict dict(List<?> arguments) {
    PickleDict dict = new PickleDict();
    if (!arguments.isEmpty() && arguments.get(0) instanceof List<?> pairs) {
      copied += pairs.size();
      if (copied > Pickle.MOST_INSTRUCTIONS) {
        throw error("too many entries", ". It is damaged, or made to exhaust the memory");
      }
      for (Object pair : pairs) {
        if (pair instanceof List<?> two && two.size() == 2) {
          dict.put(two.get(0), two.get(1));
        }
      }
    }
    return dict;
  }

  /** From (storage, offset, size, stride) and what training needs. */
  private TorchTensor tensor(List<?> arguments) {
    if (argument(arguments, 0) instanceof TorchStorage storage
        && argument(arguments, 1) instanceof Long offset) {
      try {
        return new TorchTensor(
            storage, offset, longs(argument(arguments, 2)), longs(argument(arguments, 3)));
      } catch (IllegalArgumentException e) {
        throw error("a tensor that " + e.getMessage(), ". It is damaged, or made to do harm");
      }
    }
    throw error("a tensor without a storage", ". It is damaged");
  }

  private ImmutableLongArray longs(Object value) {
    ImmutableLongArray.Builder longs = ImmutableLongArray.builder();
    if (value instanceof List<?> list && list.size() <= StoredElements.MAX_RANK) {
      for (Object number : list) {
        if (!(number instanceof Long size)) {
          throw new IllegalArgumentException("has a size that is no whole number");
        }
        longs.add(size);
      }
      return longs.build();
    }
    throw new IllegalArgumentException(
        "has a shape that is no list of at most " + StoredElements.MAX_RANK + " sizes");
  }

  /** The state of what has none here is left alone. */
  @Override
  public void build(Object object, Object state) {
    if (object instanceof Parameters parameters
        && state instanceof PickleDict dict
        && dict.values().get("_parameters") instanceof PickleDict values) {
      parameters.values().values().putAll(values.values());
    }
  }

  @Override
  public Object persistent(Object id) {
    // ('storage', type, key, where it was, how many elements), and what views of them there are.
    if (id instanceof List<?> parts
        && parts.size() >= 5
        && "storage".equals(parts.get(0))
        && parts.get(1) instanceof Storage type
        && parts.get(2) instanceof String key
        && parts.get(4) instanceof Long length
        && length >= 0
        && length <= Long.MAX_VALUE / type.dtype().bytes()) {
      if (parts.size() > 5 && parts.get(5) != Pickle.NONE) {
        throw error("a storage that is a view of another", ", which is not read." + WAY_OUT);
      }
      widths.put(key, type.dtype().bytes());
      return new TorchStorage(type.dtype(), key, length);
    }
    throw error("a reference to what is no storage of a known type", ". It is damaged");
  }

  /** How many bytes an element has, by the key of each storage that was named so far. */
  Map<String, Integer> widths() {
    return widths;
  }

  /** The entries of a dict or of a dict of parameters; null for anything else. */
  static @Nullable Map<String, Object> entries(Object value) {
    if (value instanceof PickleDict dict) {
      return dict.values();
    }
    return value instanceof Parameters parameters ? parameters.values().values() : null;
  }

  private static String shorten(String text) {
    return text.length() <= 200 ? text : text.substring(0, 200) + "...";
  }

  private TorchFileException error(String what, String rest) {
    return new TorchFileException(where + ": the file holds " + what + rest);
  }
}
