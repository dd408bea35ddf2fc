package org.tastemaker.diffusion.condition;

import com.google.common.collect.ImmutableList;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.weights.TensorFile;
import org.tastemaker.diffusion.weights.TensorFiles;

/**
 * A word of one's own for a text encoder: a token and the vectors that it stands for, as textual
 * inversion learns them (Gal et al., "An Image is Worth One Word", ICLR 2023).
 *
 * <pre>{@code
 * TextualInversion toy = TextualInversion.read(Path.of("cat-toy.bin"));
 * model.with(toy).generate(List.of(Prompt.of("a photo of " + toy.token())), Seed.of(1));
 * }</pre>
 *
 * <p>Three kinds of files are read, as safetensors or of PyTorch: diffusers', a tensor under the
 * token's name; AUTOMATIC1111's, {@code string_to_param} or {@code emb_params}; and for Stable
 * Diffusion XL the pair {@code clip_l} and {@code clip_g}, one for each text encoder.
 */
public final class TextualInversion {
  private static final String FIRST = "clip_l";
  private static final String SECOND = "clip_g";
  private static final String WEB_UI = "string_to_param.";
  private static final String WEB_UI_NEW = "emb_params";
  private static final int MOST_VECTORS = 1000;
  private static final int MOST_NUMBERS = 1 << 22;

  private final String token;
  private final ImmutableList<INDArray> matrices; // [vectors, width] for each text encoder

  private TextualInversion(String token, List<INDArray> matrices) {
    this.token = token;
    this.matrices = ImmutableList.copyOf(matrices);
  }

  /**
   * Reads a file, and takes the token's name from it: that of the tensor, or {@code name} in a file
   * of AUTOMATIC1111's, or else the file's own without its ending.
   *
   * @param file safetensors or of PyTorch
   * @return the embedding
   * @throws IllegalArgumentException if it is none; the message says what it holds
   */
  public static TextualInversion read(Path file) {
    return read(file, "");
  }

  /**
   * Reads a file, and gives the token a name.
   *
   * @param file safetensors or of PyTorch
   * @param token such as {@code <cat-toy>}; empty for the one in the file
   * @return the embedding
   * @throws IllegalArgumentException if it is none; the message says what it holds
   */
  public static TextualInversion read(Path file, String token) {
    try (TensorFile tensors = TensorFiles.open(file)) {
      List<String> found = found(tensors);
      String name = found.get(0);
      String own =
          name.startsWith(WEB_UI)
              ? tensors.metadata().getOrDefault("name", ofFile(file))
              : name.equals(WEB_UI_NEW) || found.size() > 1 ? ofFile(file) : name;
      return read(tensors, found, token.isEmpty() ? own : token);
    }
  }

  /**
   * Checks what {@link #read(Path)} checks before it reads a number.
   *
   * @param file safetensors or of PyTorch
   * @throws IllegalArgumentException if it is no embedding; the message is that of reading
   */
  public static void check(Path file) {
    try (TensorFile tensors = TensorFiles.open(file)) {
      found(tensors).forEach(name -> requireVectors(tensors, name));
    }
  }

  /** The names of the tensors of vectors, one for each text encoder. */
  private static List<String> found(TensorFile tensors) {
    Set<String> names = tensors.names();
    if (names.equals(Set.of(FIRST, SECOND))) {
      return List.of(FIRST, SECOND);
    }
    List<String> vectors = names.stream().filter(name -> isVectors(tensors, name)).toList();
    List<String> webUi = names.stream().filter(name -> name.startsWith(WEB_UI)).toList();
    List<String> found = webUi.size() == 1 ? webUi : vectors;
    if (found.size() != 1 || !vectors.containsAll(found)) {
      throw new IllegalArgumentException(
          tensors.path()
              + " is no embedding of textual inversion: expected one tensor of vectors, or "
              + FIRST
              + " and "
              + SECOND
              + ", but it has "
              + names.size()
              + " tensors, such as "
              + names.stream().limit(5).toList()
              + (vectors.size() > 1 ? "; save each token in a file of its own" : ""));
    }
    return found;
  }

  private static String ofFile(Path file) {
    String name = String.valueOf(file.getFileName());
    int dot = name.lastIndexOf('.');
    return dot > 0 ? name.substring(0, dot) : name;
  }

  private static boolean isVectors(TensorFile tensors, String name) {
    var shape = tensors.shape(name);
    return shape.length() == 1 || shape.length() == 2;
  }

  private static TextualInversion read(TensorFile tensors, List<String> names, String token) {
    List<INDArray> matrices = new ArrayList<>();
    for (String name : names) {
      requireVectors(tensors, name);
      var shape = tensors.shape(name);
      long vectors = shape.length() == 2 ? shape.get(0) : 1;
      long width = shape.get(shape.length() - 1);
      try (INDArray read = tensors.array(name, DataType.FLOAT)) {
        matrices.add(read.reshape(vectors, width).dup('c'));
      }
    }
    return of(token, matrices);
  }

  private static void requireVectors(TensorFile tensors, String name) {
    var shape = tensors.shape(name);
    boolean fits = shape.length() == 1 || shape.length() == 2;
    long vectors = shape.length() == 2 ? shape.get(0) : 1;
    long width = shape.length() == 0 ? 0 : shape.get(shape.length() - 1);
    if (!fits
        || vectors < 1
        || vectors > MOST_VECTORS
        || width < 1
        || width > MOST_NUMBERS / vectors) {
      throw new IllegalArgumentException(
          tensors.path()
              + ": \""
              + name
              + "\" must be 1 to "
              + MOST_VECTORS
              + " vectors, but its shape is "
              + shape);
    }
  }

  /**
   * An embedding of given vectors.
   *
   * @param token as it stands in prompts; not blank
   * @param matrices [vectors, width], one for each text encoder of the model, in their order; owned
   *     by the embedding from now on
   * @return the embedding
   * @throws IllegalArgumentException if they have different numbers of vectors, or one is not
   *     finite
   */
  public static TextualInversion of(String token, List<INDArray> matrices) {
    if (token.isBlank() || matrices.isEmpty()) {
      throw new IllegalArgumentException("an embedding has a token and vectors");
    }
    for (INDArray matrix : matrices) {
      if (matrix.rank() != 2 || matrix.size(0) != matrices.get(0).size(0)) {
        throw new IllegalArgumentException(
            "the embedding \"" + token + "\" must have as many vectors for each text encoder");
      }
      if (!Double.isFinite(matrix.sumNumber().doubleValue())) {
        throw new IllegalArgumentException(
            "the embedding \"" + token + "\" holds a number that is not finite");
      }
    }
    return new TextualInversion(token, matrices);
  }

  /**
   * The word that stands for the vectors in a prompt.
   *
   * @return not blank
   */
  public String token() {
    return token;
  }

  /**
   * How many tokens of a prompt it takes.
   *
   * @return at least 1
   */
  public int vectors() {
    return (int) matrices.get(0).size(0);
  }

  /**
   * The vectors for the text encoders of a model.
   *
   * @param widths of the vectors of each text encoder
   * @return [vectors, width] for each; not to be closed
   * @throws IllegalArgumentException if they are of another model
   */
  public List<INDArray> matrices(List<Integer> widths) {
    Map<Long, INDArray> byWidth = new LinkedHashMap<>();
    matrices.forEach(matrix -> byWidth.put(matrix.size(1), matrix));
    List<INDArray> fitting = new ArrayList<>();
    for (int i = 0; i < widths.size(); i++) {
      boolean inOrder =
          matrices.size() == widths.size() && matrices.get(i).size(1) == widths.get(i);
      INDArray matrix = inOrder ? matrices.get(i) : byWidth.get((long) widths.get(i));
      boolean one = matrices.size() > 1 || widths.size() == 1;
      if (matrix == null || (!inOrder && !one)) {
        throw new IllegalArgumentException(
            "the embedding \""
                + token
                + "\" has vectors of "
                + byWidth.keySet()
                + " numbers, but the model's text encoder"
                + (widths.size() == 1 ? " reads" : "s read")
                + " vectors of "
                + widths
                + ": it was learned for another model (Stable Diffusion 1 has 768, 2 has 1024, XL"
                + " both 768 and 1280)");
      }
      fitting.add(matrix);
    }
    return fitting;
  }
}
