package org.tastemaker.diffusion.train;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/**
 * The captions of a Stable Diffusion XL.
 *
 * <pre>
 *   context = tokens of all encoders side by side                       [N, L, D1 + D2]
 *   added   = the last one's projection at the text's end, and sizes    [N, A]
 * </pre>
 *
 * <p>A caption that is left out is zeros, or the empty text. On the way back the gradient of zeros
 * goes nowhere.
 */
final class XlCaptionPath implements CaptionPath {
  /** One of the text encoders. */
  private record Encoder(
      String name, ClipTextModel model, TrainedPart part, ImmutableIntArray empty, boolean trains) {
    int width() {
      return model.config().hiddenSize();
    }
  }

  private final DenoisingModels models;
  private final TrainingState state;
  private final ImmutableList<Encoder> encoders;
  private final boolean zeros;

  XlCaptionPath(DenoisingModels models, TrainingState state) {
    this.models = models;
    this.state = state;
    this.zeros = models.xl().orElseThrow().zerosForEmptyPrompt();
    ImmutableList.Builder<Encoder> all = ImmutableList.builder();
    all.add(
        new Encoder(
            TEXT_ENCODER,
            models.textEncoder(),
            models.trainedTextEncoder(),
            models.emptyPrompt(),
            CaptionPath.isTrained(state, TEXT_ENCODER)));
    models
        .second()
        .ifPresent(
            it ->
                all.add(
                    new Encoder(
                        SECOND_ENCODER,
                        it.textEncoder(),
                        it.trained(),
                        it.emptyPrompt(),
                        CaptionPath.isTrained(state, SECOND_ENCODER))));
    this.encoders = all.build();
  }

  private Encoder last() {
    return encoders.get(encoders.size() - 1);
  }

  @Override
  public Set<String> needed() {
    if (last().trains()) {
      return Set.of(UNet2DConditionModel.TEXT, UNet2DConditionModel.ADDED);
    }
    return encoders.get(0).trains() ? Set.of(UNet2DConditionModel.TEXT) : Set.of();
  }

  @Override
  public void check(CaptionedLatents batch, String where) {
    XlCaptions more =
        batch
            .xl()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        where + ": a Stable Diffusion XL needs XlCaptions beside the captions"));
    int expected = encoders.size() == 1 ? 0 : batch.captions().size();
    if (more.second().size() != expected) {
      throw new IllegalArgumentException(
          where
              + ": there must be "
              + expected
              + " captions for a second text encoder, but there are "
              + more.second().size());
    }
    for (ImmutableIntArray caption : more.second()) {
      DenoisingModels.requireIds(caption, where + ": a caption", last().model());
    }
  }

  @Override
  public Reading read(CaptionedLatents batch, boolean[] dropped) {
    int n = batch.captions().size();
    int length = batch.captions().get(0).length();
    int width = encoders.stream().mapToInt(Encoder::width).sum();
    INDArray context = Nd4j.create(DataType.FLOAT, n, length, width); // [N, L, D1 + D2]
    FloatBuffer tokens = FloatBuffers.of(context);
    XlCaptions more = batch.xl().orElseThrow();
    float[][] pooled = new float[n][last().model().config().projectionDim()]; // [N, P]
    int[] ends = new int[n];
    List<GraphFunction> functions = new ArrayList<>();
    int from = 0;
    for (int e = 0; e < encoders.size(); e++) {
      Encoder encoder = encoders.get(e);
      boolean first = e == 0;
      int[][] ids =
          CaptionPath.ids(first ? batch.captions() : more.second(), dropped, encoder.empty());
      GraphFunction tau =
          encoder.model().hiddenStates(n, length, models.clipSkip() + 1, encoder.part().options());
      functions.add(tau);
      try (INDArray input = Nd4j.createFromArray(ids)) {
        Map<String, INDArray> made = tau.forward(Map.of(ClipTextModel.INPUT_IDS, input));
        FloatBuffer hidden = FloatBuffers.of(Graphs.output(made, ClipTextModel.HIDDEN_STATE));
        for (int row = 0; row < n * length; row++) {
          if (!isZero(dropped[row / length])) {
            tokens.put(row * width + from, hidden, row * encoder.width(), encoder.width());
          }
        }
        if (e == encoders.size() - 1) {
          FloatBuffer all = FloatBuffers.of(Graphs.output(made, ClipTextModel.TEXT_EMBEDS));
          for (int i = 0; i < n; i++) {
            ends[i] = encoder.model().endOf(ids[i]).orElse(length - 1);
            if (!isZero(dropped[i])) {
              all.get((i * length + ends[i]) * pooled[i].length, pooled[i]);
            }
          }
        }
      }
      from += encoder.width();
    }
    float[][] rows = new float[n][];
    for (int i = 0; i < n; i++) {
      rows[i] = models.unet().config().addedRow(pooled[i], more.sizes().get(i).values());
    }
    INDArray added = Nd4j.createFromArray(rows); // [N, A]
    return new XlReading(functions, context, added, dropped, ends);
  }

  private boolean isZero(boolean dropped) {
    return zeros && dropped;
  }

  private final class XlReading implements Reading {
    private final List<GraphFunction> functions;
    private final INDArray context;
    private final INDArray added;
    private final boolean[] dropped;
    private final int[] ends;

    XlReading(
        List<GraphFunction> functions,
        INDArray context,
        INDArray added,
        boolean[] dropped,
        int[] ends) {
      this.functions = functions;
      this.context = context;
      this.added = added;
      this.dropped = dropped;
      this.ends = ends;
    }

    @Override
    public Map<String, INDArray> inputs() {
      return Map.of(UNet2DConditionModel.TEXT, context, UNet2DConditionModel.ADDED, added);
    }

    @Override
    public void backward(Map<String, INDArray> gradients) {
      int n = dropped.length;
      int length = (int) context.size(1);
      int width = (int) context.size(2);
      int from = 0;
      for (int e = 0; e < encoders.size(); e++) {
        Encoder encoder = encoders.get(e);
        if (encoder.trains()) {
          FloatBuffer of = FloatBuffers.of(Graphs.output(gradients, UNet2DConditionModel.TEXT));
          INDArray hidden = Nd4j.create(DataType.FLOAT, n, length, encoder.width());
          Map<String, INDArray> cotangents = new HashMap<>();
          cotangents.put(ClipTextModel.HIDDEN_STATE, hidden);
          for (int row = 0; row < n * length; row++) {
            if (!isZero(dropped[row / length])) {
              FloatBuffers.of(hidden)
                  .put(row * encoder.width(), of, row * width + from, encoder.width());
            }
          }
          if (e == encoders.size() - 1) {
            cotangents.put(ClipTextModel.TEXT_EMBEDS, ofPooled(gradients, n, length));
          }
          try {
            Map<String, INDArray> unused =
                state.backward(encoder.name(), functions.get(e), cotangents, Set.of());
          } finally {
            cotangents.values().forEach(INDArray::close);
          }
        }
        from += encoder.width();
      }
    }

    /** The gradient of the projections, [N, L, P]: nothing but at the texts' ends. */
    private INDArray ofPooled(Map<String, INDArray> gradients, int n, int length) {
      INDArray of = Graphs.output(gradients, UNet2DConditionModel.ADDED); // [N, A]
      int size = last().model().config().projectionDim();
      INDArray pooled = Nd4j.create(DataType.FLOAT, n, length, size);
      for (int i = 0; i < n; i++) {
        if (!isZero(dropped[i])) {
          FloatBuffers.of(pooled)
              .put((i * length + ends[i]) * size, FloatBuffers.of(of), i * (int) of.size(1), size);
        }
      }
      return pooled;
    }

    @Override
    public void close() {
      context.close();
      added.close();
    }
  }
}
