package org.tastemaker.diffusion.train;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.UNet2DConditionModel;

/**
 * From captions to what a U-Net reads, and back with its gradient: the text side of a {@link
 * DenoisingTrainer}.
 */
interface CaptionPath {
  /** The name of the text encoder, or of the first of two. */
  String TEXT_ENCODER = "text_encoder";

  /** The name of the second text encoder of a Stable Diffusion XL. */
  String SECOND_ENCODER = "text_encoder_2";

  /** What a U-Net reads of a batch's captions. Closed after {@link #backward}. */
  interface Reading extends AutoCloseable {
    /**
     * The U-Net's inputs of it.
     *
     * @return by name
     */
    Map<String, INDArray> inputs();

    /**
     * Adds the gradient of the text encoders' weights to the state.
     *
     * @param gradients of {@link #inputs}, by name
     */
    void backward(Map<String, INDArray> gradients);

    @Override
    void close();
  }

  /** The U-Net's inputs whose gradients {@link Reading#backward} needs; none without training. */
  Set<String> needed();

  /** Checks a batch. */
  void check(CaptionedLatents batch, String where);

  /** Reads captions, of which those are left out that are dropped, [N]. */
  Reading read(CaptionedLatents batch, boolean[] dropped);

  /** Whether anything of a network is trained. */
  static boolean isTrained(TrainingState state, String network) {
    return state.names().stream().anyMatch(name -> name.startsWith(network + "/"));
  }

  /** The ids of a batch, [N][L]; those of the empty text for a caption that is left out. */
  static int[][] ids(
      ImmutableList<ImmutableIntArray> captions, boolean[] dropped, ImmutableIntArray empty) {
    int[][] ids = new int[captions.size()][];
    for (int n = 0; n < ids.length; n++) {
      ids[n] = (dropped[n] ? empty : captions.get(n)).toArray();
    }
    return ids;
  }

  /** Stable Diffusion 1 and 2: the tokens of one text encoder. */
  record OneEncoder(DenoisingModels models, TrainingState state, boolean trains)
      implements CaptionPath {
    OneEncoder(DenoisingModels models, TrainingState state) {
      this(models, state, isTrained(state, TEXT_ENCODER));
    }

    @Override
    public Set<String> needed() {
      return trains ? Set.of(UNet2DConditionModel.TEXT) : Set.of();
    }

    @Override
    public void check(CaptionedLatents batch, String where) {
      if (batch.xl().isPresent()) {
        throw new IllegalArgumentException(
            where + ": has captions and sizes for a Stable Diffusion XL, but the model is none");
      }
    }

    @Override
    public Reading read(CaptionedLatents batch, boolean[] dropped) {
      int[][] captions = ids(batch.captions(), dropped, models.emptyPrompt()); // [N][L]
      GraphFunction tau =
          models
              .textEncoder()
              .function(
                  captions.length,
                  captions[0].length,
                  models.clipSkip(),
                  models.trainedTextEncoder().options());
      INDArray context;
      try (INDArray input = Nd4j.createFromArray(captions)) { // [N, L]
        context =
            Graphs.output(
                tau.forward(Map.of(ClipTextModel.INPUT_IDS, input)),
                ClipTextModel.LAST_HIDDEN_STATE); // [N, L, D], the function's own
      }
      return new Reading() {
        @Override
        public Map<String, INDArray> inputs() {
          return Map.of(UNet2DConditionModel.TEXT, context);
        }

        @Override
        public void backward(Map<String, INDArray> gradients) {
          if (trains) {
            INDArray of = Graphs.output(gradients, UNet2DConditionModel.TEXT); // [N, L, D]
            Map<String, INDArray> unused =
                state.backward(
                    TEXT_ENCODER, tau, Map.of(ClipTextModel.LAST_HIDDEN_STATE, of), Set.of());
          }
        }

        @Override
        public void close() {}
      };
    }
  }
}
