package org.tastemaker.optim.run;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;

/**
 * The first two lines of a round: images are sampled in batches of whole prompts, and the judge is
 * asked about each batch while the next is sampled. All calls to the judge have finished when
 * {@link #sample} returns. If it fails, calls that have not started are cancelled; in-flight calls
 * finish and their answers are discarded.
 *
 * @param sampler makes the images
 * @param oracle the judge, or null for none
 * @param rubric what the judge looks at
 * @param executor runs the calls to the judge
 * @param cancellation checked before each batch
 */
record FeedbackSampling(
    DiffusionSampler sampler,
    @Nullable FeedbackOracle oracle,
    @Nullable Rubric rubric,
    Executor executor,
    Cancellation cancellation) {

  /** A round's images, and the judge's answers about them. */
  record Round(Rollout rollout, List<Judgement> judgements) implements AutoCloseable {
    @Override
    public void close() {
      rollout.close();
    }
  }

  /** Samples in batches, and asks the judge about each batch while the next is sampled. */
  Round sample(List<Prompt> shown, Seed ofRound, int batches) {
    List<Rollout> parts = new ArrayList<>();
    List<CompletableFuture<List<Judgement>>> answers = new ArrayList<>();
    try {
      for (List<Integer> batch : batches(shown, batches)) {
        cancellation.throwIfRequested(
            String.format(Locale.ROOT, "batch %s of a round", parts.size() + 1));
        Rollout part =
            sampler.rollout(
                batch.stream().map(shown::get).toList(),
                batch.stream().map(i -> ofRound.split(i)).toList());
        parts.add(part);
        answers.add(ask(part));
      }
      List<Judgement> judgements = new ArrayList<>();
      for (CompletableFuture<List<Judgement>> answer : answers) {
        judgements.addAll(join(answer));
      }
      if (parts.size() == 1) {
        return new Round(parts.remove(0), judgements);
      }
      return new Round(Rollouts.concat(parts), judgements);
    } finally {
      // After a failure the judge is not asked again.
      answers.forEach(answer -> answer.cancel(false));
      parts.forEach(Rollout::close);
    }
  }

  /** The judge's answers about a rollout; empty without a judge. */
  List<Judgement> judgements(Rollout rollout) {
    return join(ask(rollout));
  }

  private CompletableFuture<List<Judgement>> ask(Rollout part) {
    FeedbackOracle judge = oracle;
    Rubric by = rubric;
    if (judge == null || by == null) {
      return CompletableFuture.completedFuture(List.of());
    }
    var groups = part.groups();
    return CompletableFuture.supplyAsync(
        () -> {
          List<Judgement> judgements = judge.rank(groups, by);
          if (judgements.size() != groups.size()) {
            throw new IllegalStateException(
                String.format(
                    Locale.ROOT,
                    "the oracle was asked about %s groups and gave %s judgements: there must be one for each group, even if it is a missing one",
                    groups.size(),
                    judgements.size()));
          }
          return judgements;
        },
        executor);
  }

  /** Waits for an answer; rethrows what the judge threw. */
  private static List<Judgement> join(CompletableFuture<List<Judgement>> answer) {
    try {
      return answer.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  /** Splits the indices of images between prompts: the images of a prompt are judged together. */
  static List<List<Integer>> batches(List<Prompt> shown, int batches) {
    Map<Prompt, List<Integer>> byPrompt = new LinkedHashMap<>();
    IntStream.range(0, shown.size())
        .forEach(i -> byPrompt.computeIfAbsent(shown.get(i), p -> new ArrayList<>()).add(i));
    List<List<Integer>> groups = List.copyOf(byPrompt.values());
    int count = Math.min(batches, groups.size());
    List<List<Integer>> cut = new ArrayList<>();
    for (int k = 0; k < count; k++) {
      cut.add(
          groups.subList(k * groups.size() / count, (k + 1) * groups.size() / count).stream()
              .flatMap(List::stream)
              .toList());
    }
    return cut;
  }
}
