package org.tastemaker.feedback.annotate;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.protocol.JudgeOracle;
import org.tastemaker.feedback.protocol.JudgementFacts;
import org.tastemaker.feedback.protocol.Protocol;

/** What the tests of jobs share. */
final class Jobs {
  private Jobs() {}

  static List<ImageGroup> groups(int count) {
    List<ImageGroup> groups = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      groups.add(
          Greys.group(
              "prompt \u2014 number " + i, 0.1 + 0.001 * (i % 7), 0.4, 0.5 + 0.002 * (i % 5), 0.8));
    }
    return groups;
  }

  /** A judge with every fault that can be set. */
  static MockJudge faulty() {
    return MockJudge.of(
        Greys::score,
        MockJudge.Options.defaults()
            .withTemperature(0.3)
            .withPositionBias(0.1)
            .withTieThreshold(0.01)
            .withRefusalRate(0.3)
            .withMalformedRate(0.25)
            .withSeed(Seed.of(17))
            .withUsage(new Usage(1, 400, 100, 12)));
  }

  static JudgeOracle oracle(Judge judge) {
    return JudgeOracle.builder(judge).protocol(Protocol.listwise(2)).seed(Seed.of(23)).build();
  }

  static AnnotationJob.Builder job(Path dataset, Judge judge) {
    return AnnotationJob.builder(dataset, oracle(judge), Greys.RUBRIC);
  }

  /** All judgements by group, without what two runs may differ in: time, usage, cached answers. */
  static Map<String, Judgement> judgements(Path dataset) {
    Map<String, Judgement> all = new TreeMap<>();
    PreferenceDataset.read(
        dataset,
        group -> {
          Judgement j = group.judgement();
          Map<String, String> facts = new HashMap<>(j.provenance());
          facts.remove(JudgementFacts.CACHED);
          all.put(
              group.id(),
              new Judgement(
                  j.ranking(),
                  j.byCriterion(),
                  j.scores(),
                  j.rationale(),
                  j.judge(),
                  Usage.NONE,
                  facts,
                  j.missingReason()));
        });
    return all;
  }
}
