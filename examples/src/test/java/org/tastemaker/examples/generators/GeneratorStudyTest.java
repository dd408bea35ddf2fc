package org.tastemaker.examples.generators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGenerator;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.core.run.Settings;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.protocol.JudgeOracle;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.rubric.Rubrics;

/** Two sources of noisy grey images, and a judge that likes the lighter one. */
class GeneratorStudyTest {
  private static final List<Prompt> PROMPTS =
      List.of(new Prompt("a cup", "", Map.of("secret", "local")), Prompt.of("a kite"));
  private static final MockJudge LIGHTER = MockJudge.of((image, prompt) -> image.get(0, 0, 0));

  @TempDir Path folder;

  private final List<String> made = Collections.synchronizedList(new ArrayList<>());
  private final List<Question> asked = Collections.synchronizedList(new ArrayList<>());
  private final AtomicInteger rewritten = new AtomicInteger();

  private GeneratorStudy study() {
    return new GeneratorStudy(
        folder,
        PROMPTS,
        new GeneratorStudy.Options(
            List.of("local", "api"), 2, 8, Seed.of(3), Settings.none().with("model", "flat")));
  }

  /** Local images are of 0.1 to 0.3 and half as large as the API's, of 0.5 to 0.7. */
  private ImageGenerator flat(String name, float shade, int size) {
    return (prompts, seeds) -> {
      List<Image> images = new ArrayList<>();
      for (int i = 0; i < prompts.size(); i++) {
        made.add(name + ": " + prompts.get(i).text());
        float more = prompts.get(i).text().startsWith("long") ? 0.1f : 0; // rewriting helps
        RandomGenerator random = seeds.get(i).generator();
        float[] pixels = new float[3 * size * size];
        for (int k = 0; k < pixels.length; k++) {
          pixels[k] = shade + more + 0.1f * random.nextFloat();
        }
        images.add(Image.of(3, size, size, pixels));
      }
      return images;
    };
  }

  private Source local() {
    return Source.local("local", flat("local", 0.1f, 8));
  }

  private Source api() {
    return Source.remote("api", flat("api", 0.5f, 16));
  }

  private Prompt longer(Prompt prompt) {
    rewritten.incrementAndGet();
    return Prompt.of("long " + prompt.text());
  }

  private JudgeOracle oracle(Judge judge) {
    Judge listening =
        question -> {
          asked.add(question);
          return judge.ask(question);
        };
    return JudgeOracle.builder(listening)
        .protocol(Protocol.pairsInBothOrders(1))
        .seed(Seed.of(0))
        .build();
  }

  private GeneratorStudy.Result judged(GeneratorStudy study) {
    return study.judged("mock", oracle(LIGHTER), Rubrics.quality());
  }

  private GeneratorStudy.Result whole() {
    GeneratorStudy study = study();
    study.rewrite(this::longer);
    study.make(api());
    study.make(local());
    return judged(study);
  }

  @Test
  void theLighterSourceWinsAndRewritingHelps() {
    Tournament found = whole().tournament();

    assertThat(found.arms())
        .extracting(Arm::name)
        .containsExactly("local", "local, rewritten", "api", "api, rewritten");
    assertThat(found.winRate(2, 0).value()).isEqualTo(1);
    assertThat(found.winRate(1, 0).value()).isEqualTo(1); // the same seeds, 0.1 lighter
    assertThat(found.winRate(0).value()).isZero();
    assertThat(found.score(3).value()).isGreaterThan(found.score(2).value());
    assertThat(found.missing()).isZero();
    assertThat(made).hasSize(16); // 2 prompts, 2 images, 4 arms
    assertThat(asked).hasSize(48); // 2 prompts, 2 images, 6 pairs, both orders
    assertThat(rewritten).hasValue(2);
  }

  @Test
  void aStudyThatIsRunAgainMakesRewritesAndAsksNothing() {
    Tournament first = whole().tournament();
    made.clear();
    asked.clear();

    assertThat(study().work("mock"))
        .isEqualTo(new GeneratorStudy.Work(0, Map.of("api", 0, "local", 0), 0));
    Tournament second = whole().tournament();

    assertThat(made).isEmpty();
    assertThat(asked).isEmpty();
    assertThat(rewritten).hasValue(2);
    assertThat(second.score(3)).isEqualTo(first.score(3));
  }

  @Test
  void aStudyThatIsKilledAmongPaidImagesPaysForNoneTwice() {
    AtomicInteger left = new AtomicInteger(3);
    ImageGenerator flat = flat("api", 0.5f, 16);
    Source dying =
        Source.remote(
            "api",
            (prompts, seeds) -> {
              if (left.getAndDecrement() <= 0) {
                throw new IllegalStateException("killed");
              }
              return flat.generate(prompts, seeds);
            });
    study().rewrite(this::longer);
    assertThatThrownBy(() -> study().make(dying)).hasMessage("killed");
    assertThat(made).hasSize(3);
    assertThat(study().work("mock").images()).containsEntry("api", 5);

    study().make(api());

    assertThat(made).hasSize(8);
    assertThat(rewritten).hasValue(2);
  }

  @Test
  void aStudyThatIsKilledAmongJudgementsAsksAboutNoPairTwice() {
    GeneratorStudy study = study();
    study.rewrite(this::longer);
    study.make(api());
    study.make(local());
    AtomicInteger left = new AtomicInteger(20);
    Judge dying =
        question -> {
          if (left.getAndDecrement() <= 0) {
            throw new FeedbackException.QuotaExhausted("killed");
          }
          return LIGHTER.ask(question);
        };
    assertThatThrownBy(() -> study.judged("mock", oracle(dying), Rubrics.quality()))
        .isInstanceOf(FeedbackException.class);
    int there = 24 - study().work("mock").pairs();
    assertThat(there).isPositive();
    asked.clear();

    assertThat(judged(study()).tournament().missing()).isZero();

    assertThat(asked).hasSize(2 * (24 - there));
  }

  /** What the judge is given holds neither a name nor a size nor a text of the source. */
  @Test
  void theJudgeSeesNothingOfTheSource() {
    whole();

    assertThat(asked)
        .allSatisfy(
            question -> {
              assertThat(question.prompt().text()).isIn("a cup", "a kite");
              assertThat(question.prompt().metadata()).isEmpty();
              assertThat(question.images())
                  .allSatisfy(
                      image -> {
                        assertThat(image.width()).isEqualTo(8);
                        assertThat(image.height()).isEqualTo(8);
                        assertThat(image).isEqualTo(Image.fromBytes(image.toPng()));
                      });
              assertThat(question.toString()).doesNotContain("local", "api", "rewritten", "secret");
            });
  }

  @Test
  void sidesAreDrawnAndPairsAreMixed() {
    whole();
    List<BlindPairs.Pair> pairs = study().blindPairs().pairs();

    assertThat(pairs).extracting(BlindPairs.Pair::exchanged).contains(true, false);
    assertThat(pairs).extracting(BlindPairs.Pair::prompt).isNotEqualTo(sorted(pairs));
    assertThat(study().blindPairs().pairs()).isEqualTo(pairs);
  }

  private static List<Integer> sorted(List<BlindPairs.Pair> pairs) {
    return pairs.stream().map(BlindPairs.Pair::prompt).sorted().toList();
  }

  @Test
  void refusalsOfTheApiAndOfTheRewriterAreCountedAndNotAskedAgain() {
    ImageGenerator flat = flat("api", 0.5f, 16);
    Source refusing =
        Source.remote(
            "api",
            (prompts, seeds) -> {
              if (prompts.get(0).text().equals("a cup")) {
                made.add("refused");
                throw new FeedbackException.Refused("not this one", Usage.NONE);
              }
              return flat.generate(prompts, seeds);
            });
    GeneratorStudy study = study();
    study.rewrite(
        prompt -> {
          if (prompt.text().equals("a kite")) {
            rewritten.incrementAndGet();
            throw new FeedbackException.Refused("no kites", Usage.NONE);
          }
          return longer(prompt);
        });
    study.make(refusing);
    study.make(refusing);
    study.rewrite(this::longer);
    study.make(local());

    GeneratorStudy.Result result = judged(study);

    assertThat(made.stream().filter("refused"::equals)).hasSize(2); // two images of the cup
    assertThat(rewritten).hasValue(2);
    // The cup lacks the plain API arm, the kite both rewritten ones: 3 and 5 pairs of 6, twice.
    assertThat(result.missing())
        .isEqualTo(
            Map.of("no image: api refused it", 6, "no image: the prompt was not rewritten", 10));
    assertThat(result.tournament().missing()).isEqualTo(16);
    assertThat(new StudyTables(result).markdown("head"))
        .contains("Comparisons without a result: 16", "- no image: api refused it: 6");
  }

  @Test
  void aMissingJudgementIsCountedWithItsReason() {
    GeneratorStudy study = study();
    study.rewrite(this::longer);
    study.make(api());
    study.make(local());
    Judge shy =
        question -> {
          if (question.prompt().text().equals("a kite")) {
            throw new FeedbackException.Refused("no kites", Usage.NONE);
          }
          return LIGHTER.ask(question);
        };

    GeneratorStudy.Result result = study.judged("mock", oracle(shy), Rubrics.quality());

    assertThat(result.tournament().missing()).isEqualTo(12);
    assertThat(result.missing().keySet()).allSatisfy(why -> assertThat(why).contains("no kites"));
  }

  @Test
  void aFolderOfAnotherStudyIsRefused() {
    GeneratorStudy unused = study();

    assertThatThrownBy(
            () ->
                new GeneratorStudy(
                    folder,
                    PROMPTS,
                    new GeneratorStudy.Options(
                        List.of("local", "api"), 3, 8, Seed.of(3), Settings.none())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("images is 2 there and 3 now");
  }

  @Test
  void imagesAreMadeOnlyAfterAllPromptsAreRewritten() {
    assertThatThrownBy(() -> study().make(api()))
        .hasMessage("2 prompts are not rewritten yet: call rewrite(...) first");
    assertThat(made).isEmpty();
  }
}
