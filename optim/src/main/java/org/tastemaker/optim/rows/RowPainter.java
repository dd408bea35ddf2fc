package org.tastemaker.optim.rows;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.RolloutOptions;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.optim.policy.TransitionLoss;

/**
 * A worker's model, with the adapter of the rows that it is doing. Rows that need the same go
 * through the model in its own batches; a row's image does not depend on those beside it.
 */
final class RowPainter implements AutoCloseable {
  /** A round's, the one before it, and one for an evaluation. */
  private static final int ADAPTERS = 3;

  /** Batches that are sampled before their results are handed on. */
  private static final int BATCHES = 2;

  private final ModelRecipe recipe;
  private final LatentDiffusion model;
  private final String settings;
  private final Map<String, RowAdapter> adapters = new LinkedHashMap<>();
  private @Nullable Lora lora;
  private @Nullable LatentDiffusion adapted;
  private @Nullable RowTrainer trainer;
  private String loaded = "";

  private RowPainter(ModelRecipe recipe, LatentDiffusion model) {
    this.recipe = recipe;
    this.model = model;
    this.settings = ModelRecipe.settingsHash(model);
  }

  static RowPainter open(ModelRecipe recipe) {
    return new RowPainter(recipe, recipe.open());
  }

  String engine() {
    return model.execution().engine().name() + " on " + System.getProperty("os.arch", "unknown");
  }

  boolean hasAdapter(String sha256) {
    synchronized (adapters) {
      return adapters.containsKey(sha256);
    }
  }

  void take(RowAdapter adapter) {
    synchronized (adapters) {
      adapters.remove(adapter.sha256()); // it becomes the latest
      adapters.put(adapter.sha256(), adapter);
      if (adapters.size() > ADAPTERS) {
        adapters.remove(adapters.keySet().iterator().next());
      }
    }
  }

  void check(WorkRow.Sample row) {
    check(row.model(), row.settings(), row.adapter());
  }

  void check(WorkRow.Gradient row) {
    check(row.model(), row.settings(), row.adapter());
  }

  private void check(String wanted, String wantedSettings, String adapter) {
    require("model", wanted, recipe.sha256());
    require("settings of sampling", wantedSettings, settings);
    if (!adapter.isEmpty() && !hasAdapter(adapter)) {
      throw new RowException("a row needs the adapter " + adapter + ", which is not here");
    }
  }

  private static void require(String what, String wanted, String own) {
    if (!wanted.equals(own)) {
      throw new RowException(
          String.format(
              Locale.ROOT,
              "a row needs the %s %s, but this worker has %s: give all workers the same recipe",
              what,
              wanted,
              own));
    }
  }

  /** The gradient of a micro-batch. */
  synchronized ResultRow.Gradient gradient(WorkRow.Gradient row, TransitionLoss loss) {
    LatentDiffusion unused = adapted(row.adapter());
    Lora own = Objects.requireNonNull(lora);
    RowTrainer known = trainer;
    if (known == null || !known.isOf(own)) {
      closeTrainer();
      known = new RowTrainer(model, own);
      trainer = known;
    }
    return known.gradient(row, loss);
  }

  private void closeTrainer() {
    if (trainer != null) {
      trainer.close();
      trainer = null;
    }
  }

  /** What rows that are sampled together have in common. */
  private record Kind(String adapter, WorkRow.Asked asked, RolloutOptions rollouts) {
    static Kind of(WorkRow.Sample row) {
      return new Kind(row.adapter(), row.asked(), row.rollouts());
    }
  }

  synchronized void paint(
      List<WorkRow.Sample> rows, Supplier<ResultRow.Delivery> delivery, Consumer<ResultRow> taker) {
    Map<Kind, List<WorkRow.Sample>> byKind = new LinkedHashMap<>();
    for (WorkRow.Sample row : rows) {
      byKind.computeIfAbsent(Kind.of(row), kind -> new ArrayList<>()).add(row);
    }
    int together = BATCHES * model.options().batchSize();
    byKind.forEach(
        (kind, same) -> {
          LatentDiffusion view = view(kind);
          for (int first = 0; first < same.size(); first += together) {
            int end = Math.min(first + together, same.size());
            paint(kind.asked(), view, same.subList(first, end), delivery, taker);
          }
        });
  }

  private static void paint(
      WorkRow.Asked asked,
      LatentDiffusion view,
      List<WorkRow.Sample> rows,
      Supplier<ResultRow.Delivery> delivery,
      Consumer<ResultRow> taker) {
    List<Prompt> prompts = rows.stream().map(WorkRow.Sample::prompt).toList();
    List<Seed> seeds = rows.stream().map(WorkRow.Sample::seed).toList();
    if (asked == WorkRow.Asked.IMAGE) {
      List<Image> images = view.generate(prompts, seeds);
      for (int i = 0; i < images.size(); i++) {
        taker.accept(
            ResultRow.ofImage(
                RowFormat.id(rows.get(i)), images.get(i), Optional.empty(), delivery.get()));
      }
      return;
    }
    try (Rollout rollout = view.rollout(prompts, seeds)) {
      for (int i = 0; i < rollout.size(); i++) {
        taker.accept(
            ResultRow.ofImage(
                RowFormat.id(rows.get(i)),
                rollout.images().get(i),
                Optional.of(steps(rollout, i)),
                delivery.get()));
      }
    }
  }

  /** One image's part. */
  private static ResultRow.Steps steps(Rollout rollout, int image) {
    long[] shape = rollout.latents().shape(); // [T+1, N, C, h, w]
    int size = (int) (shape[2] * shape[3] * shape[4]);
    FloatBuffer all = FloatBuffers.of(rollout.latents());
    FloatBuffer latents = FloatBuffer.allocate((rollout.steps() + 1) * size);
    for (int t = 0; t <= rollout.steps(); t++) {
      latents.put(t * size, all, (t * rollout.size() + image) * size, size);
    }
    FloatBuffer recorded = FloatBuffers.of(rollout.logProbabilities()); // [T, N]
    FloatBuffer logProbabilities = FloatBuffer.allocate(rollout.steps());
    for (int t = 0; t < rollout.steps(); t++) {
      logProbabilities.put(t, recorded.get(t * rollout.size() + image));
    }
    return new ResultRow.Steps(
        (int) shape[2],
        (int) shape[3],
        (int) shape[4],
        FloatBlock.of(latents),
        FloatBlock.of(logProbabilities),
        rollout.timesteps());
  }

  private LatentDiffusion view(Kind kind) {
    LatentDiffusion plain = kind.adapter().isEmpty() ? model : adapted(kind.adapter());
    return kind.asked() == WorkRow.Asked.ROLLOUT ? plain.with(kind.rollouts()) : plain;
  }

  private LatentDiffusion adapted(String sha256) {
    LatentDiffusion known = adapted;
    if (known != null && loaded.equals(sha256)) {
      return known;
    }
    RowAdapter adapter;
    synchronized (adapters) {
      adapter = adapters.get(sha256);
    }
    if (adapter == null) {
      throw new RowException("the adapter " + sha256 + " is not here any more");
    }
    Lora next = adapter.open(model);
    Lora before = lora;
    if (known != null && before != null && before.modules().equals(next.modules())) {
      copy(next, before); // the graphs that are there read the new weights
      next.close();
      loaded = sha256;
      return known;
    }
    LatentDiffusion view = model.with(model.execution().withAdapter(next));
    closeTrainer();
    if (before != null) {
      before.close();
    }
    lora = next;
    adapted = view;
    loaded = sha256;
    return view;
  }

  private static void copy(Lora from, Lora to) {
    for (Map.Entry<String, INDArray> entry : from.parameters().arrays().entrySet()) {
      FloatBuffer source = FloatBuffers.of(entry.getValue());
      FloatBuffer target = FloatBuffers.of(to.parameters().get(entry.getKey()));
      target.put(target.position(), source, source.position(), source.remaining());
    }
  }

  @Override
  public synchronized void close() {
    closeTrainer();
    if (lora != null) {
      lora.close();
    }
    model.close();
  }
}
