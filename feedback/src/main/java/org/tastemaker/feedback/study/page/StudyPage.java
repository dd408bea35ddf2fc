package org.tastemaker.feedback.study.page;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Seed;
import org.tastemaker.core.page.HtmlPage;
import org.tastemaker.core.page.Markup;
import org.tastemaker.core.page.Parts;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.study.Figure;
import org.tastemaker.feedback.study.Measure;
import org.tastemaker.feedback.study.StudyReport;
import org.tastemaker.feedback.study.Truth;
import org.tastemaker.feedback.study.Verdicts;
import org.tastemaker.feedback.study.VotedGroup;
import org.tastemaker.feedback.study.protocols.ComparisonReport;
import org.tastemaker.feedback.study.protocols.Purchase;

/**
 * The report of a study as one HTML file: figures with intervals, curves, and pairs of images with
 * people's votes, the judge's verdict and its reason.
 *
 * <pre>
 *   Verdicts verdicts = DatasetVerdicts.of("gpt-4.1-mini", dataset);
 *   StudyReport report = AgreementStudy.builder().build().of(votes, verdicts);
 *   StudyPage.builder("Does gpt-4.1-mini stand in for people?")
 *       .reasons(dataset)
 *       .build()
 *       .write(report, votes, verdicts, Path.of("study.html"));
 * </pre>
 *
 * <p>The file loads nothing and has no scripts. It is bounded: of each kind, such as where people
 * and the judge disagree, {@link Builder#examples a few} pairs are shown, with {@link
 * Builder#thumbnail small} images; the votes are gone through once, and no more groups than are
 * shown are in memory. The same study gives the same file, byte for byte.
 */
public final class StudyPage {
  private final String title;
  private final Builder settings;

  private StudyPage(Builder settings) {
    this.title = settings.title;
    this.settings = settings;
  }

  /**
   * A page to be set up.
   *
   * @param title its heading
   * @return a builder: 6 examples of each kind, those with the most decided votes; images of at
   *     most 256 pixels; about 8 MB
   */
  public static Builder builder(String title) {
    return new Builder(title);
  }

  /**
   * Writes the page, replacing an existing one.
   *
   * @param report what the study found
   * @param groups the same votes; gone through once
   * @param verdicts the same verdicts
   * @param file where; its folder must exist
   * @throws java.io.UncheckedIOException if it cannot be written; an old file is then unchanged
   */
  public void write(StudyReport report, Iterable<VotedGroup> groups, Verdicts verdicts, Path file) {
    AtomicFiles.write(file, render(report, groups, verdicts));
  }

  /**
   * Lays the page out.
   *
   * @param report what the study found
   * @param groups the same votes; gone through once
   * @param verdicts the same verdicts
   * @return a whole HTML file, well-formed as XML
   */
  public String render(StudyReport report, Iterable<VotedGroup> groups, Verdicts verdicts) {
    ExamplePairs examples =
        new ExamplePairs(settings.examples, settings.bySize, settings.truth, settings.seed);
    examples.read(groups, verdicts);
    Map<String, Judgement> judgements = judgements(examples);

    Markup html = new Markup();
    Parts parts = new Parts(html);
    HtmlPage.begin(html, title, HtmlPage.styleSheet(StudyPage.class, "study.css"));
    Headline.write(html, title, report);
    html.open("main").newLine();
    FigureTables tables = new FigureTables(html, parts);
    tables.all(report);
    tables.sections(report);
    CurveSections curves = new CurveSections(html, parts);
    curves.reliability(report);
    curves.position(report);
    cost(parts, html, report);
    if (settings.comparison != null) {
      new ComparisonSection(html, parts, tables).write(settings.comparison, settings.purchases);
    }
    new ExampleSections(html, parts, judgements, settings.thumbnail, settings.mostChars)
        .write(examples, settings.bySize);
    tables.absences(report);
    notes(parts, html, report);
    html.close("main").newLine();
    HtmlPage.end(html);
    return html.toString();
  }

  /** What the judge said about the pairs that are shown, with its reasons. */
  private Map<String, Judgement> judgements(ExamplePairs examples) {
    Map<String, Judgement> judgements = new HashMap<>();
    if (settings.reasons != null) {
      Set<String> ids = new HashSet<>();
      for (Kind kind : Kind.values()) {
        examples.of(kind).forEach(example -> ids.add(example.group().id()));
      }
      PreferenceDataset.read(
          settings.reasons,
          group -> {
            if (ids.contains(group.id())) {
              judgements.put(group.id(), group.judgement());
            }
          });
    }
    return judgements;
  }

  private static void cost(Parts parts, Markup html, StudyReport report) {
    parts.section("Cost and time", "Of a judgement, which is of a group of images.");
    Map<String, String> rows = new LinkedHashMap<>();
    Figure cost = report.all().figure(Measure.COST);
    Figure seconds = report.all().figure(Measure.SECONDS);
    rows.put(
        "cost, " + report.currency(),
        cost.isKnown() ? Words.both(cost) : "unknown: " + cost.unknown());
    if (cost.isKnown()) {
      rows.put(
          "for 1,000 judgements",
          String.format(Locale.ROOT, "%.2f %s", 1000 * cost.value(), report.currency()));
    }
    rows.put("seconds", seconds.isKnown() ? Words.both(seconds) : "unknown: " + seconds.unknown());
    parts.facts(rows);
    html.newLine();
    parts.endSection();
  }

  private void notes(Parts parts, Markup html, StudyReport report) {
    List<String> notes = new ArrayList<>(settings.notes);
    notes.addAll(report.notes());
    notes.add(
        "Accuracy over decided pairs leaves out what the judge finds hard: read it beside the one"
            + " that counts ties half.");
    notes.add(
        "A judge that agrees with people as often as they do with one another may still err in"
            + " another way than they do: the pairs above show how.");
    if (settings.reasons == null) {
      notes.add("The judge's reasons are not shown: the page was made without its dataset.");
    }
    parts.section("How to read this", "");
    html.open("ul", "class", "caveats");
    notes.forEach(note -> html.element("li", note));
    html.close("ul");
    parts.endSection();
  }

  /** Sets up a {@link StudyPage}. */
  public static final class Builder {
    private final String title;
    private final List<String> notes = new ArrayList<>();
    private @Nullable Path reasons;
    private @Nullable ComparisonReport comparison;
    private List<Purchase> purchases = List.of();
    private int examples = 6;
    private boolean bySize = true;
    private Seed seed = Seed.of(0);
    private Truth truth = Truth.majority();
    private int thumbnail = 256;
    private int mostChars = 8_000_000;

    private Builder(String title) {
      this.title = Objects.requireNonNull(title, "title == null");
    }

    private Builder(Builder other) {
      this.title = other.title;
      this.notes.addAll(other.notes);
      this.reasons = other.reasons;
      this.comparison = other.comparison;
      this.purchases = other.purchases;
      this.examples = other.examples;
      this.bySize = other.bySize;
      this.seed = other.seed;
      this.truth = other.truth;
      this.thumbnail = other.thumbnail;
      this.mostChars = other.mostChars;
    }

    /**
     * Sets where the judge's reasons are.
     *
     * @param dataset what its annotation job has written; by default none, and no reasons are shown
     * @return this builder
     */
    public Builder reasons(Path dataset) {
      this.reasons = Objects.requireNonNull(dataset, "dataset == null");
      return this;
    }

    /**
     * Adds a comparison of protocols, and what budgets buy.
     *
     * @param comparison of the same judge
     * @param purchases what it says about {@link ComparisonReport#buy budgets}; may be empty
     * @return this builder
     */
    public Builder comparison(ComparisonReport comparison, List<Purchase> purchases) {
      this.comparison = Objects.requireNonNull(comparison, "comparison == null");
      this.purchases = List.copyOf(purchases);
      return this;
    }

    /**
     * Sets how many pairs of each kind are shown: those in which votes and verdict are the most
     * decided.
     *
     * @param most at least 0, by default 6
     * @return this builder
     */
    public Builder examples(int most) {
      if (most < 0) {
        throw new IllegalArgumentException("examples must be at least 0, but were " + most);
      }
      this.examples = most;
      return this;
    }

    /**
     * Shows pairs that are drawn at random, so that they are typical, and not the most decided
     * ones.
     *
     * @param seed draws
     * @return this builder
     */
    public Builder drawn(Seed seed) {
      this.seed = Objects.requireNonNull(seed, "seed == null");
      this.bySize = false;
      return this;
    }

    /**
     * Sets how votes become what people chose.
     *
     * @param truth that of the study; by default {@link Truth#majority}
     * @return this builder
     */
    public Builder truth(Truth truth) {
      this.truth = Objects.requireNonNull(truth, "truth == null");
      return this;
    }

    /**
     * Sets the size of images.
     *
     * @param most pixels of the longer side, at least 16, by default 256
     * @return this builder
     */
    public Builder thumbnail(int most) {
      if (most < 16) {
        throw new IllegalArgumentException("a thumbnail has at least 16 pixels, but was " + most);
      }
      this.thumbnail = most;
      return this;
    }

    /**
     * Sets after how many characters no further pair is shown. A pair that was begun is finished.
     *
     * @param most at least 0, by default 8 million
     * @return this builder
     */
    public Builder mostCharacters(int most) {
      if (most < 0) {
        throw new IllegalArgumentException("mostCharacters must be at least 0, but was " + most);
      }
      this.mostChars = most;
      return this;
    }

    /**
     * Adds what a reader must know, such as that the people are simulated.
     *
     * @param sentence for the end of the page
     * @return this builder
     */
    public Builder note(String sentence) {
      notes.add(Objects.requireNonNull(sentence, "sentence == null"));
      return this;
    }

    /**
     * Makes the page.
     *
     * @return a page that can be written many times
     */
    public StudyPage build() {
      return new StudyPage(new Builder(this));
    }
  }
}
