package org.tastemaker.examples.ideas;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGenerator;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.core.picture.ImageGrid;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.examples.measure.Estimate;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.mock.MockOracle;
import org.tastemaker.feedback.openai.OpenAiClient;
import org.tastemaker.feedback.openai.OpenAiImageGenerator;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.feedback.server.LoopbackServer;

/**
 * A local generator beside a remote one: both draw the same prompts, and a judge that does not know
 * which image is whose says for each prompt which is better.
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.ideas.CompareGenerators
 * </pre>
 *
 * <p>prints how often the local one wins, with a 95 % interval over prompts, and draws the pairs.
 * The remote one is a server on this machine with the API of OpenAI's images; behind it is the same
 * model with a third of the steps and no guidance, so that the local one should win. For real: drop
 * the server, {@code baseUrl} and {@code withoutApiKey}, and name an image model; the key comes
 * from {@code OPENAI_API_KEY}, and every image costs money.
 */
public final class CompareGenerators {
  private CompareGenerators() {}

  /**
   * Compares 24 prompts.
   *
   * @param args none
   * @throws IOException if the picture cannot be written
   */
  public static void main(String[] args) throws IOException {
    Path folder = Path.of("runs/ideas/compare-generators");
    GlyphJudge glyphs = BundledModel.judge();
    FeedbackOracle judge =
        MockOracle.of((image, prompt) -> glyphs.score(image, EmojiPrompts.answers(prompt.text())));
    try (LatentDiffusion model = BundledModel.load();
        LoopbackServer server =
            LoopbackServer.builder(MockJudge.of((image, prompt) -> 0)) // ranks nothing here
                .images(model.with(BundledModel.sampling().withSteps(7).withGuidanceScale(1)))
                .start();
        OpenAiClient client =
            OpenAiClient.builder().baseUrl(server.baseUrl()).withoutApiKey().build()) {
      ImageGenerator remote =
          new OpenAiImageGenerator(client, OpenAiImageGenerator.Options.of("gpt-image-1"));
      compare(model, remote, judge, EmojiPrompts.CONSISTENCY.subList(0, 24), folder, System.out);
    }
  }

  static Estimate compare(
      ImageGenerator local,
      ImageGenerator remote,
      FeedbackOracle judge,
      List<String> texts,
      Path folder,
      PrintStream out)
      throws IOException {
    List<Prompt> prompts = texts.stream().map(Prompt::of).toList();
    List<Image> ours = local.generate(prompts, Seed.of(1));
    List<Image> theirs = remote.generate(prompts, Seed.of(1));

    // 1. Pairs of one size and in no order, so that nothing but the image tells them apart.
    List<ImageGroup> pairs = new ArrayList<>();
    List<Integer> places = new ArrayList<>(); // of our image: 0 or 1
    for (int i = 0; i < prompts.size(); i++) {
      Image our = ours.get(i);
      Image their = theirs.get(i).resized(our.height(), our.width());
      int place = Seed.of(2).split(i).generator().nextInt(2);
      places.add(place);
      pairs.add(
          new ImageGroup(prompts.get(i), place == 0 ? List.of(our, their) : List.of(their, our)));
    }

    // 2. A win is 1, a tie one half; a pair without a judgement is left out.
    List<Judgement> judgements = judge.rank(pairs, Rubrics.consistency());
    List<double[]> wins = new ArrayList<>();
    for (int i = 0; i < pairs.size(); i++) {
      Ranking ranking = judgements.get(i).ranking();
      if (ranking.isComplete()) {
        int our = ranking.rank(places.get(i)).getAsInt();
        int their = ranking.rank(1 - places.get(i)).getAsInt();
        wins.add(new double[] {our < their ? 1 : our > their ? 0 : 0.5});
      }
    }
    Estimate rate = Estimate.bootstrap(wins, Estimate::mean, wins.size(), Seed.of(3));
    out.printf(
        Locale.ROOT, "the local generator wins %s of %d judged pairs%n", rate.text(), wins.size());

    // 3. Ours on the left, theirs on the right.
    List<Image> drawn = new ArrayList<>();
    for (int i = 0; i < ours.size(); i++) {
      drawn.addAll(List.of(ours.get(i), theirs.get(i)));
    }
    Files.createDirectories(folder);
    AtomicFiles.write(folder.resolve("pairs.png"), ImageGrid.of(drawn).columns(8).draw().toPng());
    out.println("drawn in " + folder.resolve("pairs.png") + ": local, remote, local, remote, ...");
    return rate;
  }
}
