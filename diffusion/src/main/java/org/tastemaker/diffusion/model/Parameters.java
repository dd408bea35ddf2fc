package org.tastemaker.diffusion.model;

import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableLongArray;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.zip.CRC32C;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.ShortPointer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.ParameterSpec.Kind;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsWriter;
import org.tastemaker.diffusion.weights.TensorFile;

/**
 * The parameters of a network: one array each, in the layout of memory, shared by every graph over
 * them. An optimizer changes them in place; only {@link #close} closes them.
 */
public final class Parameters implements AutoCloseable {
  private final ImmutableMap<String, ParameterSpec> specs;
  private final ImmutableMap<String, INDArray> arrays;

  private Parameters(List<ParameterSpec> specs, Map<String, INDArray> arrays) {
    ImmutableMap.Builder<String, ParameterSpec> byName = ImmutableMap.builder();
    specs.forEach(spec -> byName.put(spec.name(), spec));
    this.specs = byName.buildOrThrow();
    this.arrays = ImmutableMap.copyOf(arrays);
  }

  /**
   * Draws parameters as torch does by default: weights and biases of linear layers and convolutions
   * uniform in +-1 / sqrt(fan in) (which is what {@code kaiming_uniform_} with a = sqrt(5) comes
   * to), norms 1 and 0, tables normal with the standard deviation 0.02.
   *
   * @param specs of distinct names
   * @param seed each parameter is a function of the seed and of its own name
   * @param type FLOAT or DOUBLE
   * @return the parameters
   */
  public static Parameters random(List<ParameterSpec> specs, Seed seed, DataType type) {
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    for (ParameterSpec spec : specs) {
      INDArray array = Nd4j.create(type, spec.layout().toArray());
      arrays.put(spec.name(), array);
      switch (spec.kind()) {
        case LINEAR, CONV, BIAS -> uniform(array, seed.split(spec.name()), spec.fanIn());
        case SCALE -> array.assign(1);
        case SHIFT -> array.assign(0);
        case EMBEDDING, TOKEN -> normal(array, seed.split(spec.name()), 0.02);
        case LOGIT_SCALE -> array.assign(Math.log(1 / 0.07));
      }
    }
    return new Parameters(specs, arrays);
  }

  private static void uniform(INDArray array, Seed seed, long fanIn) {
    var random = seed.generator();
    double bound = 1 / Math.sqrt((double) fanIn);
    for (long i = 0; i < array.length(); i++) {
      array.data().put(i, random.nextDouble(-bound, bound));
    }
  }

  private static void normal(INDArray array, Seed seed, double deviation) {
    var random = seed.generator();
    for (long i = 0; i < array.length(); i++) {
      array.data().put(i, deviation * random.nextGaussian());
    }
  }

  /**
   * Reads parameters from a file and checks them: none may be missing, unexpected or of another
   * shape. A linear layer's weight may be stored as a 1 x 1 convolution.
   *
   * @param file open; in any floating-point type
   * @param specs what is expected
   * @param rename from a name in the file to the name in {@code specs}, or null for a tensor to
   *     leave out
   * @param type of the arrays, FLOAT or DOUBLE; for FLOAT it is the file's {@link
   *     TensorFile#memoryType}, which may be one of half precision
   * @return the parameters
   * @throws WeightsMismatchException if the file does not fit
   * @throws IllegalArgumentException if a weight is NaN or infinite
   */
  public static Parameters read(
      TensorFile file,
      List<ParameterSpec> specs,
      Function<String, @Nullable String> rename,
      DataType type) {
    Map<String, String> inFile = check(file, specs, rename);
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    try {
      for (ParameterSpec spec : specs) {
        String name = inFile.getOrDefault(spec.name(), spec.name());
        DataType kept = type == DataType.FLOAT ? file.memoryType(name) : type;
        INDArray array = fromTorch(spec, file.array(name, kept));
        arrays.put(spec.name(), array);
        checkFinite(file, name, array);
      }
    } catch (RuntimeException e) {
      arrays.values().forEach(INDArray::close);
      throw e;
    }
    return new Parameters(specs, arrays);
  }

  /**
   * Checks names and shapes, and reads no numbers.
   *
   * @return the names in the file, by those in {@code specs}
   */
  static Map<String, String> check(
      TensorFile file, List<ParameterSpec> specs, Function<String, @Nullable String> rename) {
    Map<String, String> inFile = new LinkedHashMap<>();
    for (String name : file.names()) {
      String renamed = rename.apply(name);
      if (renamed != null) {
        inFile.put(renamed, name);
      }
    }
    // What does not fit is named as it stands in the file, so that it can be looked up there.
    List<String> missing = new ArrayList<>();
    List<String> misshapen = new ArrayList<>();
    Set<String> surplus = new LinkedHashSet<>(inFile.keySet());
    String prefix = addedPrefix(inFile);
    for (ParameterSpec spec : specs) {
      surplus.remove(spec.name());
      String name = inFile.get(spec.name());
      if (name == null) {
        String unprefixed =
            spec.name().startsWith(prefix) ? spec.name().substring(prefix.length()) : spec.name();
        missing.add(file.nameInFile(unprefixed));
      } else if (!fits(spec, file.shape(name))) {
        misshapen.add(
            String.format(
                Locale.ROOT,
                "%s (expected %s, found %s)",
                file.nameInFile(name),
                spec.shape(),
                Configs.shorten(file.shape(name))));
      }
    }
    if (!missing.isEmpty() || !misshapen.isEmpty() || !surplus.isEmpty()) {
      throw new WeightsMismatchException(
          file.path().toString(),
          missing,
          surplus.stream().map(name -> file.nameInFile(inFile.getOrDefault(name, name))).toList(),
          misshapen);
    }
    return inFile;
  }

  /** What the names in the file lack at their beginning; empty if they lack nothing. */
  private static String addedPrefix(Map<String, String> inFile) {
    for (Map.Entry<String, String> each : inFile.entrySet()) {
      String renamed = each.getKey();
      String name = each.getValue();
      if (renamed.length() > name.length() && renamed.endsWith("." + name)) {
        return renamed.substring(0, renamed.length() - name.length());
      }
    }
    return "";
  }

  private static boolean fits(ParameterSpec spec, ImmutableLongArray shape) {
    ImmutableLongArray expected = spec.shape();
    return shape.equals(expected)
        || (spec.kind() == Kind.LINEAR
            && shape.equals(ImmutableLongArray.of(expected.get(0), expected.get(1), 1, 1)))
        || (spec.kind() == Kind.LOGIT_SCALE && shape.equals(ImmutableLongArray.of(1)));
  }

  private static INDArray fromTorch(ParameterSpec spec, INDArray array) {
    if (spec.kind() == Kind.CONV) {
      INDArray layout = array.permute(2, 3, 1, 0).dup('c'); // [out, in, kH, kW] to YXIO
      array.close();
      return layout;
    }
    if (ImmutableLongArray.copyOf(array.shape()).equals(spec.layout())) {
      return array;
    }
    INDArray layout = array.reshape(spec.layout().toArray()).dup('c');
    array.close();
    return layout;
  }

  private static void checkFinite(TensorFile file, String name, INDArray array) {
    double bad =
        switch (array.dataType()) {
          case HALF -> firstNotFinite(array, (short) 0x7C00);
          case BFLOAT16 -> firstNotFinite(array, (short) 0x7F80);
          default -> firstNotFinite(array);
        };
    if (!Double.isFinite(bad)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: weight \"%s\" holds %s; the file is damaged or its training diverged",
              file.path(),
              file.nameInFile(name),
              bad));
    }
  }

  /** The first number that is not finite; 0 if there is none. */
  private static double firstNotFinite(INDArray array) {
    FloatBuffer floats = array.dataType() == DataType.FLOAT ? array.data().asNioFloat() : null;
    for (int i = 0; i < array.length(); i++) {
      // The buffer, where there is one, is many times faster.
      double value = floats != null ? floats.get(i) : array.data().getDouble(i);
      if (!Double.isFinite(value)) {
        return value;
      }
    }
    return 0;
  }

  /** The same for 16 bits, of which all these are set where a number is not finite. */
  private static double firstNotFinite(INDArray array, short exponent) {
    ShortBuffer bits =
        new ShortPointer(array.data().addressPointer()).capacity(array.length()).asBuffer();
    for (int i = 0; i < array.length(); i++) {
      if ((bits.get(i) & exponent) == exponent) {
        return array.data().getDouble(i);
      }
    }
    return 0;
  }

  /**
   * One parameter.
   *
   * @param name of the parameter
   * @return the array itself, not a copy; not to be closed
   * @throws IllegalArgumentException if there is none of that name
   */
  public INDArray get(String name) {
    INDArray array = arrays.get(name);
    if (array == null) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "no parameter \"%s\" among these %d", name, arrays.size()));
    }
    return array;
  }

  /**
   * All parameters.
   *
   * @return the arrays themselves by name, in the network's order
   */
  public ImmutableMap<String, INDArray> arrays() {
    return arrays;
  }

  /**
   * The names, shapes and kinds of the parameters.
   *
   * @return by name, in the network's order
   */
  public ImmutableMap<String, ParameterSpec> specs() {
    return specs;
  }

  /**
   * How many numbers all parameters hold.
   *
   * @return the sum of their lengths
   */
  public long count() {
    return arrays.values().stream().mapToLong(INDArray::length).sum();
  }

  /**
   * A checksum that tells these parameters from others, or from what training made of them.
   *
   * @return the checksum of every number as it is now; each call reads them all
   */
  public long checksum() {
    CRC32C sum = new CRC32C();
    for (INDArray array : arrays.values()) {
      long bytes = array.length() * array.dataType().width();
      // A pointer of its own, which owns no memory and must not be closed.
      sum.update(new BytePointer(array.data().addressPointer()).capacity(bytes).asByteBuffer());
    }
    return sum.getValue();
  }

  /**
   * A parameter, or something of its shape such as a gradient, in the layout of files.
   *
   * @param name of the parameter
   * @param array of the parameter's shape in memory
   * @return a view of the array in torch's layout
   */
  public INDArray torchLayout(String name, INDArray array) {
    ParameterSpec spec = specs.get(name);
    if (spec == null || !spec.layout().equals(ImmutableLongArray.copyOf(array.shape()))) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "\"%s\" must have shape %s, but the array has %s",
              name,
              spec == null ? "of a parameter" : spec.layout(),
              ImmutableLongArray.copyOf(array.shape())));
    }
    return switch (spec.kind()) {
      case CONV -> array.permute(3, 2, 0, 1);
      case TOKEN, LOGIT_SCALE -> array.reshape(spec.shape().toArray());
      default -> array;
    };
  }

  /**
   * Adds all parameters to a file, under their names and in torch's layout.
   *
   * @param writer receives them
   * @param dtype F64, F32, F16 or BF16
   */
  public void addTo(SafetensorsWriter writer, DType dtype) {
    arrays.forEach((name, array) -> writer.add(name, torchLayout(name, array), dtype));
  }

  /**
   * The same parameters in arrays of their own.
   *
   * @return the copy, to be closed by the caller
   */
  public Parameters copy() {
    Map<String, INDArray> copies = new LinkedHashMap<>();
    arrays.forEach((name, array) -> copies.put(name, array.dup()));
    return new Parameters(specs.values().asList(), copies);
  }

  /** The same arrays but for one, for a network that differs in it. */
  Parameters replacing(List<ParameterSpec> others, String name, INDArray array) {
    Map<String, INDArray> replaced = new LinkedHashMap<>(arrays);
    replaced.put(name, array);
    return new Parameters(others, replaced);
  }

  /** Those of some names, in that order: the same arrays, of which one close is enough. */
  Parameters only(List<ParameterSpec> some) {
    Map<String, INDArray> kept = new LinkedHashMap<>();
    some.forEach(spec -> kept.put(spec.name(), get(spec.name())));
    return new Parameters(some, kept);
  }

  /** Frees every array. */
  @Override
  public void close() {
    arrays.values().stream().filter(INDArray::closeable).forEach(INDArray::close);
  }
}
