package org.tastemaker.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MissingReasonTest {
  private static Judgement missing(String reason) {
    return Judgement.missing(2, reason, "m", Usage.NONE);
  }

  @Test
  void numbersAndNamesOfRequestsMakeNoOtherKind() {
    String one = "status 400: image 3 of 8 is too large (request req_01HZXK, 4096 px)";
    String two = "status 400: image 5 of 8 is too large (request req_99ABCD, 1024 px)";

    assertThat(MissingReason.kindOf(one)).isEqualTo(MissingReason.kindOf(two));
    assertThat(MissingReason.kindOf(one)).contains("is too large");
    assertThat(MissingReason.kindOf("At most one image"))
        .isNotEqualTo(MissingReason.kindOf("System role not supported"));
    assertThat(MissingReason.kindOf("organization_spend_limit_exceeded"))
        .isNotEqualTo(MissingReason.kindOf("project_spend_limit_was_exceeded"));
  }

  @Test
  void reasonsAreCountedByKindTheMostFrequentFirst() {
    List<MissingReason> reasons =
        MissingReason.of(
            List.of(
                missing("a thing"),
                missing("too large: 3"),
                Judgement.of(Ranking.of(0, 1), "m"),
                missing("too large: 4")));

    assertThat(reasons)
        .containsExactly(
            new MissingReason("too large #", "too large: 3", 2),
            new MissingReason("a thing", "a thing", 1));
    assertThat(MissingReason.words(reasons))
        .isEqualTo("2 because: too large: 3; 1 because: a thing");
    assertThat(MissingReason.join(reasons, reasons))
        .extracting(MissingReason::groups)
        .containsExactly(4L, 2L);
  }

  @Test
  void theKindThatAJudgeNamesCountsMoreThanItsWords() {
    Judgement one = missing("I cannot").withProvenance(Map.of(MissingReason.KINDS, "refused"));
    Judgement two = missing("Not this").withProvenance(Map.of(MissingReason.KINDS, "refused"));

    assertThat(MissingReason.of(List.of(one, two)))
        .containsExactly(new MissingReason("refused", "I cannot", 2));
    assertThat(MissingReason.kindsOf(missing("No 7"))).containsExactly("no #");
    assertThat(MissingReason.kindsOf(Judgement.of(Ranking.of(0, 1), "m"))).isEmpty();
  }
}
