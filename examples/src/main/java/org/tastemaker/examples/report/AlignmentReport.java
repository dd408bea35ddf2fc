package org.tastemaker.examples.report;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;
import org.tastemaker.core.page.Plot;
import org.tastemaker.core.run.Provenance;

/**
 * What a report shows, whatever the source. Everything but title and summary may be left out.
 *
 * <pre>{@code
 * AlignmentReport report =
 *     AlignmentReport.titled("Fewer weapons", "DDPO on LoRA weights, 10 rounds.")
 *         .headline(Headline.paired("reward on held-out seeds", before, after, seed))
 *         .change(ChangePicture.draw(pairs, 4))
 *         .pictures(pairs)
 *         .plot(Plot.of("Reward", "round", Plot.Curve.of("held out", x, y, low, high)))
 *         .measurements(Measurement.of(emojiBefore, emojiAfter, seed))
 *         .judged(groups)
 *         .cost(Cost.NONE)
 *         .caveat("The judge knows 32 x 32 glyphs and nothing else.")
 *         .configuration(config)
 *         .provenance(provenance)
 *         .build();
 * HtmlReport.write(report, folder.resolve("report.html"));
 * }</pre>
 *
 * @param title of the page
 * @param summary a paragraph: what was done
 * @param change the one picture, or null to leave it out
 * @param headline the one figure, or null where before and after were not both measured
 * @param pictures same prompts and seeds, before and after
 * @param plots curves over the run
 * @param measurements rows of the table
 * @param judged examples of judgements
 * @param cost of the judge, or null to leave it out
 * @param notices what a person should know about the run, such as settings that have changed
 * @param caveats what this does not show, a sentence or two each
 * @param configuration settings by name, in order: values, and lists and maps of values
 * @param provenance what the run was made from, or null to leave it out
 */
public record AlignmentReport(
    String title,
    String summary,
    @Nullable Image change,
    @Nullable Headline headline,
    List<BeforeAfter> pictures,
    List<Plot> plots,
    List<Measurement> measurements,
    List<JudgedGroup> judged,
    @Nullable Cost cost,
    List<String> notices,
    List<String> caveats,
    Map<String, Object> configuration,
    @Nullable Provenance provenance) {
  public AlignmentReport {
    Objects.requireNonNull(summary, "summary == null");
    if (title.isBlank()) {
      throw new IllegalArgumentException("a report needs a title, but it was blank");
    }
    pictures = List.copyOf(pictures);
    plots = List.copyOf(plots);
    measurements = List.copyOf(measurements);
    judged = List.copyOf(judged);
    notices = List.copyOf(notices);
    caveats = List.copyOf(caveats);
    configuration = Collections.unmodifiableMap(new LinkedHashMap<>(configuration));
  }

  /**
   * Begins a report.
   *
   * @param title of the page
   * @param summary a paragraph: what was done; the figures are added to it
   * @return a builder
   */
  public static Builder titled(String title, String summary) {
    return new Builder(title, summary);
  }

  /** Collects the parts of a report. What is added twice is appended. */
  public static final class Builder {
    private final String title;
    private final String summary;
    private @Nullable Image change;
    private @Nullable Headline headline;
    private final List<BeforeAfter> pictures = new ArrayList<>();
    private final List<Plot> plots = new ArrayList<>();
    private final List<Measurement> measurements = new ArrayList<>();
    private final List<JudgedGroup> judged = new ArrayList<>();
    private @Nullable Cost cost;
    private final List<String> notices = new ArrayList<>();
    private final List<String> caveats = new ArrayList<>();
    private final Map<String, Object> configuration = new LinkedHashMap<>();
    private @Nullable Provenance provenance;

    private Builder(String title, String summary) {
      this.title = title;
      this.summary = summary;
    }

    /**
     * Sets the one picture, which comes first.
     *
     * @param change such as {@link ChangePicture#draw} gives
     * @return this builder
     */
    public Builder change(Image change) {
      this.change = change;
      return this;
    }

    /**
     * Sets the one figure.
     *
     * @param headline before, after, and the change
     * @return this builder
     */
    public Builder headline(Headline headline) {
      this.headline = headline;
      return this;
    }

    /**
     * Adds images. Those of one prompt are shown together.
     *
     * @param pictures before and after
     * @return this builder
     */
    public Builder pictures(List<BeforeAfter> pictures) {
      this.pictures.addAll(pictures);
      return this;
    }

    /**
     * Adds a plot.
     *
     * @param plot curves over the run
     * @return this builder
     */
    public Builder plot(Plot plot) {
      plots.add(plot);
      return this;
    }

    /**
     * Adds rows to the table.
     *
     * @param measurements such as {@link Measurement#of} gives
     * @return this builder
     */
    public Builder measurements(List<Measurement> measurements) {
      this.measurements.addAll(measurements);
      return this;
    }

    /**
     * Adds examples of judgements.
     *
     * @param judged groups, missing judgements among them
     * @return this builder
     */
    public Builder judged(List<JudgedGroup> judged) {
      this.judged.addAll(judged);
      return this;
    }

    /**
     * Sets the cost.
     *
     * @param cost of the judge
     * @return this builder
     */
    public Builder cost(Cost cost) {
      this.cost = cost;
      return this;
    }

    /**
     * Adds what a person should know about the run.
     *
     * @param notices a sentence or two each
     * @return this builder
     */
    public Builder notices(List<String> notices) {
      this.notices.addAll(notices);
      return this;
    }

    /**
     * Adds a limit of what is shown.
     *
     * @param caveat a sentence or two
     * @return this builder
     */
    public Builder caveat(String caveat) {
      caveats.add(caveat);
      return this;
    }

    /**
     * Adds settings.
     *
     * @param configuration by name, in the order to show
     * @return this builder
     */
    public Builder configuration(Map<String, ?> configuration) {
      this.configuration.putAll(configuration);
      return this;
    }

    /**
     * Sets what the run was made from.
     *
     * @param provenance versions, seeds and hashes
     * @return this builder
     */
    public Builder provenance(Provenance provenance) {
      this.provenance = provenance;
      return this;
    }

    /**
     * Finishes.
     *
     * @return the report
     */
    public AlignmentReport build() {
      return new AlignmentReport(
          title,
          summary,
          change,
          headline,
          pictures,
          plots,
          measurements,
          judged,
          cost,
          notices,
          caveats,
          configuration,
          provenance);
    }
  }
}
