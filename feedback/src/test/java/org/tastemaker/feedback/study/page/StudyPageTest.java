package org.tastemaker.feedback.study.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Verdict;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.protocol.JudgeOracle;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.study.AgreementStudy;
import org.tastemaker.feedback.study.DatasetVerdicts;
import org.tastemaker.feedback.study.ScoreVerdicts;
import org.tastemaker.feedback.study.StudyReport;
import org.tastemaker.feedback.study.Verdicts;
import org.tastemaker.feedback.study.Vote;
import org.tastemaker.feedback.study.VotedGroup;

class StudyPageTest {
  private static final Choice A = Choice.FIRST;
  private static final Choice B = Choice.SECOND;
  private static final Choice T = Choice.TIE;
  private static final String REASON = "A is <b>brighter</b> & \"better\"";

  @TempDir Path folder;

  private static VotedGroup pair(String prompt, Choice... choices) {
    double own = 0.001 * prompt.length();
    return VotedGroup.ofPair(
        Greys.group(prompt, 0.2 + own, 0.7 + own),
        List.of(choices).stream().map(Vote::of).toList());
  }

  /** The second image is brighter, and the judge says so; of one prompt it says nothing. */
  private static final List<VotedGroup> GROUPS =
      List.of(
          pair("agreed", B, B, A),
          pair("disagreed <script>", A, A, A),
          pair("tied by people", A, B),
          pair("refused by the judge", B, B),
          VotedGroup.ofPair(
              Greys.group("bad both", 0.3, 0.6),
              List.of(new Vote(T, "x", true), new Vote(T, "y", true), Vote.of(B))));

  private static final Judge JUDGE =
      question -> {
        if (question.prompt().text().startsWith("refused")) {
          throw new FeedbackException.Refused("not this one", Usage.NONE);
        }
        double first = Greys.score(question.images().get(0), question.prompt());
        double second = Greys.score(question.images().get(1), question.prompt());
        return new Verdict(
            Verdict.Answer.of(Ranking.ofScores(first, second)),
            java.util.Map.of(),
            REASON,
            new Usage(1, 0, 0, 0),
            "scripted",
            false);
      };

  private Path asked(List<VotedGroup> groups) {
    Path dataset = folder.resolve("judged.jsonl");
    AnnotationJob.builder(
            dataset,
            JudgeOracle.builder(JUDGE)
                .protocol(Protocol.pairsInBothOrders(1))
                .maxAttempts(1)
                .build(),
            Greys.RUBRIC)
        .stopAfterFailures(0)
        .build()
        .run(AgreementStudy.groups(groups));
    return dataset;
  }

  private String page(List<VotedGroup> groups, UnaryOperator<StudyPage.Builder> change) {
    Path dataset = asked(groups);
    Verdicts verdicts = DatasetVerdicts.of("a judge", dataset);
    StudyReport report = AgreementStudy.builder().build().of(groups, verdicts);
    return change
        .apply(StudyPage.builder("A study").reasons(dataset))
        .build()
        .render(report, groups, verdicts);
  }

  private static String kind(String page, String title) {
    int begin = page.indexOf("<h2>" + title + "</h2>");
    assertThat(begin).as(title).isPositive();
    return page.substring(begin, page.indexOf("</section>", begin));
  }

  @Test
  void eachKindShowsBothVerdictsAndTheVotes() {
    String page = page(GROUPS, b -> b);

    assertThat(kind(page, "Where they agree"))
        .contains("\u201cagreed\u201d", "image 2, 3 votes (1 for image 1, 2 for image 2)")
        .contains("chosen by both", "Judge: </strong>image 2")
        .contains("in the order 1, 2: image 2 is better", "in the order 2, 1: image 2 is better");
    assertThat(kind(page, "Where they disagree"))
        .contains("image 1, 3 votes (3 for image 1)", "chosen by people", "chosen by the judge");
    assertThat(kind(page, "Ties of people")).contains("a tie, 2 votes", "tied by people");
    assertThat(kind(page, "Both bad")).contains("1 for image 2, 2 for both bad");
    assertThat(kind(page, "Without a verdict"))
        .contains("refused by the judge", "no verdict: ", "not this one");
    assertThat(page).doesNotContain("Ties of the judge");
  }

  @Test
  void reasonsAndPromptsAreEscaped() {
    String page = page(GROUPS, b -> b);

    assertThat(page)
        .contains("A is &lt;b&gt;brighter&lt;/b&gt; &amp; &quot;better&quot;")
        .contains("disagreed &lt;script&gt;")
        .doesNotContain("<b>brighter", "<script");
  }

  @Test
  void figuresThatAreUnknownSayWhy() {
    String page = page(GROUPS, b -> b);

    assertThat(kind(page, "All figures"))
        .contains("unknown: it needs scores", "unknown: no price, or answers from a cache");
    assertThat(kind(page, "Cost and time")).contains("unknown: no price");
    assertThat(kind(page, "Missing, and why")).contains("the judge: ", "1 pair");
  }

  @Test
  void theFileLoadsNothingAndIsWellFormed() {
    String page = page(GROUPS, b -> b);

    assertThat(Pattern.compile("(src|href)=\"(?!data:image/)").matcher(page).find()).isFalse();
    assertThat(page.replace("http://www.w3.org/", "")).doesNotContain("http:", "https:", "@import");
    assertThatNoException()
        .isThrownBy(
            () ->
                DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(new ByteArrayInputStream(page.getBytes(StandardCharsets.UTF_8))));
  }

  @Test
  void theSameStudyGivesTheSameBytes() {
    Verdicts verdicts = ScoreVerdicts.of("brightness", Greys::score);
    StudyReport report = AgreementStudy.builder().build().of(GROUPS, verdicts);
    StudyPage page = StudyPage.builder("A study").drawn(Seed.of(3)).examples(1).build();
    List<VotedGroup> reversed = new ArrayList<>(GROUPS);
    java.util.Collections.reverse(reversed);

    assertThat(page.render(report, GROUPS, verdicts))
        .isEqualTo(page.render(report, GROUPS, verdicts))
        .isEqualTo(page.render(report, reversed, verdicts))
        .contains("the page was made without its dataset");
  }

  /** Twenty pairs of noise of 400 pixels: each is over 200 kB as PNG. */
  @Test
  void theSizeIsBoundedByExamplesThumbnailsAndCharacters() {
    List<VotedGroup> groups = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      groups.add(
          VotedGroup.ofPair(
              new ImageGroup(Prompt.of("p" + i), List.of(noise(2L * i), noise(2L * i + 1))),
              List.of(Vote.of(B), Vote.of(B))));
    }
    String page = page(groups, b -> b.examples(2).thumbnail(64));
    assertThat(page.split("<img ", -1)).hasSizeBetween(3, 9); // at most 2 of either kind
    assertThat(page).hasSizeLessThan(100_000);
    assertThat(page).contains("those with the most decided votes");

    String small = page(groups, b -> b.examples(5).mostCharacters(0));
    assertThat(small).doesNotContain("<img ").contains("left out: the page has its size");
  }

  private static Image noise(long seed) {
    float[] values = new float[3 * 400 * 400];
    var random = Seed.of(seed).generator();
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat();
    }
    return Image.of(3, 400, 400, values);
  }

  @Test
  void theMostDecidedPairsAreShownFirst() {
    List<VotedGroup> groups =
        List.of(pair("three of five", A, A, A, B, B), pair("all of five!", A, A, A, A, A));

    String one = kind(page(groups, b -> b.examples(1)), "Where they disagree");

    assertThat(one).contains("all of five!", "2 pairs;").doesNotContain("three of five");
  }

  @Test
  void impossibleSettingsAreRejected() {
    StudyPage.Builder builder = StudyPage.builder("A study");
    assertThatIllegalArgumentException().isThrownBy(() -> builder.examples(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.thumbnail(8));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.mostCharacters(-1));
  }
}
