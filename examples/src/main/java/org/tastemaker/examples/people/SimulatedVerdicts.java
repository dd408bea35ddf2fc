package org.tastemaker.examples.people;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.openai.ChatGptOracle;
import org.tastemaker.feedback.openai.Explain;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.feedback.server.LoopbackServer;

/** A dataset to try the page on: nobody outside this machine is asked. */
final class SimulatedVerdicts {
  private static final List<String> PROMPTS =
      List.of("penguin", "rocket", "frog", "pizza", "robot", "bus");
  private static final int IMAGES = 3;

  private SimulatedVerdicts() {}

  /**
   * Images of the bundled model, judged by a server on this machine with some noise. What is there
   * is not made again.
   *
   * @return the dataset, whose images are in {@code images} beside it
   */
  static Path in(Path folder, PrintWriter out) throws IOException {
    Path dataset = folder.resolve("simulated.jsonl");
    out.println("simulated: the judge is a rule with some noise, on this machine");
    if (Files.exists(dataset) && PreferenceDataset.readAll(dataset).size() == PROMPTS.size()) {
      return dataset;
    }
    GlyphJudge glyphs = BundledModel.judge();
    MockJudge judge =
        MockJudge.of(
            (image, prompt) ->
                glyphs.score( // ChatGPT is sent images of 512 pixels
                    image.resized(32, 32), EmojiPrompts.answers(prompt.text())),
            MockJudge.Options.defaults().withTemperature(0.1).withSeed(Seed.of(7)));
    List<ImageGroup> groups = new ArrayList<>();
    try (LatentDiffusion model = BundledModel.load()) {
      for (String text : PROMPTS) {
        Prompt prompt = Prompt.of(text);
        groups.add(
            new ImageGroup(
                prompt, model.generate(Collections.nCopies(IMAGES, prompt), Seed.of(1))));
      }
    }
    try (LoopbackServer server = LoopbackServer.builder(judge).start();
        ChatGptOracle oracle =
            ChatGptOracle.builder()
                .model("gpt-4.1-mini")
                .baseUrl(server.baseUrl())
                .withoutApiKey()
                .judging(options -> options.withExplain(Explain.AFTER))
                .build()) {
      AnnotationJob.builder(dataset, oracle, Rubrics.consistency())
          .saveImages(folder.resolve("images"))
          .build()
          .run(groups);
    }
    return dataset;
  }
}
