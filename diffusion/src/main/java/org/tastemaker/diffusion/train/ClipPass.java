package org.tastemaker.diffusion.train;

import com.google.common.primitives.ImmutableIntArray;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.ClipVisionModel;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/**
 * A batch through both towers to the loss, and back.
 *
 * @param clip the model
 * @param options of its functions
 * @param trainsImages whether anything of the image tower is trained
 * @param trainsTexts whether anything of the text tower is
 */
record ClipPass(
    ClipModel clip, FunctionOptions options, boolean trainsImages, boolean trainsTexts) {

  /** Where the gradient goes. */
  interface Gradient {
    /** Takes a tower's, which its function computes from the cotangents of its outputs. */
    void ofTower(GraphFunction function, Map<String, INDArray> cotangents);

    /** Takes that of the logit scale. */
    void ofScale(double gradient);
  }

  /**
   * Computes the loss and its gradient.
   *
   * @param share by which the gradient is multiplied, and not the loss
   * @param gradient is told nothing if the loss is not finite
   * @return the loss
   */
  double run(ClipBatch batch, double share, Gradient gradient) {
    int count = batch.images().count(); // M
    List<ImmutableIntArray> ids = batch.texts(); // N of length L
    int length = ids.get(0).length();
    int[] ends = ids.stream().mapToInt(this::end).toArray();
    DataType type = clip.logitScale().dataType();
    int size = clip.config().projectionDim(); // P

    // 1. Images and texts become vectors.
    GraphFunction vision = clip.vision().function(count, options);
    double[][] images = new double[count][size];
    try (INDArray floats = batch.images().arrayOf(batch.images().values());
        INDArray pixels = floats.castTo(type)) { // [M, 3, S, S]
      INDArray embeds =
          Graphs.output(
              vision.forward(Map.of(ClipVisionModel.PIXEL_VALUES, pixels)),
              ClipVisionModel.IMAGE_EMBEDS); // [M, 1, P]
      IntToDoubleFunction numbers = numbers(embeds);
      for (int m = 0; m < count; m++) {
        read(numbers, m * size, images[m]);
      }
    }
    GraphFunction text = clip.text().hiddenStates(ids.size(), length, 0, options);
    double[][] texts = new double[ids.size()][size];
    try (INDArray input =
        Nd4j.createFromArray(
            ids.stream().map(ImmutableIntArray::toArray).toArray(int[][]::new))) { // [N, L]
      INDArray embeds =
          Graphs.output(
              text.forward(Map.of(ClipTextModel.INPUT_IDS, input)),
              ClipTextModel
                  .TEXT_EMBEDS); // [N, L, P], of which the row at a text's end stands for it
      IntToDoubleFunction numbers = numbers(embeds);
      for (int n = 0; n < texts.length; n++) {
        read(numbers, (n * length + ends[n]) * size, texts[n]);
      }
    }

    // 2. Vectors become logits, and these the loss.
    ClipLogits logits = new ClipLogits(images, texts, clip.logitScale().getDouble(0));
    double[][] byLogits = new double[count][texts.length];
    double loss = batch.objective().evaluate(logits.values(), byLogits);
    if (!Double.isFinite(loss)) {
      return loss; // whoever asked stops here
    }
    for (double[] row : byLogits) {
      for (int n = 0; n < row.length; n++) {
        row[n] *= share;
      }
    }

    // 3. Back to the logit scale and through both towers.
    gradient.ofScale(logits.byScale(byLogits));
    if (trainsImages) {
      double[][] byImages = logits.byImages(byLogits);
      try (INDArray cotangent = Nd4j.create(type, count, 1, size)) {
        for (int m = 0; m < count; m++) {
          write(byImages[m], cotangent, (long) m * size);
        }
        gradient.ofTower(vision, Map.of(ClipVisionModel.IMAGE_EMBEDS, cotangent));
      }
    }
    if (trainsTexts) {
      double[][] byTexts = logits.byTexts(byLogits);
      try (INDArray cotangent = Nd4j.create(type, texts.length, length, size)) {
        for (int n = 0; n < texts.length; n++) {
          write(byTexts[n], cotangent, ((long) n * length + ends[n]) * size);
        }
        gradient.ofTower(text, Map.of(ClipTextModel.TEXT_EMBEDS, cotangent));
      }
    }
    return loss;
  }

  private int end(ImmutableIntArray text) {
    return clip.text()
        .endOf(text.toArray())
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "a text's vector is taken at its end token, "
                        + clip.config().text().eosTokenId()
                        + ", but the text has none: "
                        + text));
  }

  private static IntToDoubleFunction numbers(INDArray array) {
    if (array.dataType() == DataType.FLOAT) {
      FloatBuffer floats = FloatBuffers.of(array);
      return floats::get;
    }
    try (INDArray copy = array.dup('c')) {
      double[] doubles = copy.data().asDouble();
      return i -> doubles[i];
    }
  }

  private static void read(IntToDoubleFunction numbers, int from, double[] target) {
    for (int i = 0; i < target.length; i++) {
      target[i] = numbers.applyAsDouble(from + i);
    }
  }

  private static void write(double[] values, INDArray target, long from) {
    for (int i = 0; i < values.length; i++) {
      target.data().put(from + i, values[i]);
    }
  }
}
