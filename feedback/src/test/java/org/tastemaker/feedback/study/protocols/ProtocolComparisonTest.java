package org.tastemaker.feedback.study.protocols;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.ledger.Budget;
import org.tastemaker.feedback.ledger.CostEstimate;
import org.tastemaker.feedback.ledger.Price;
import org.tastemaker.feedback.ledger.PriceTable;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.protocol.JudgeOracle;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.study.Vote;
import org.tastemaker.feedback.study.VotedGroup;
import org.tastemaker.feedback.study.VotedPair;

class ProtocolComparisonTest {
  private static final PriceTable CENT =
      PriceTable.of("USD", Map.of("mock", Price.perRequest("0.01")));
  private static final Protocol[] ALL = {
    Protocol.listwise(1),
    Protocol.pairsInRandomDirection(1),
    Protocol.pairsInBothOrders(1),
    Protocol.activePairs(3),
    Protocol.pointwise(new Question.Scale(1, 100), 1)
  };

  @TempDir Path folder;

  private final AtomicInteger asked = new AtomicInteger();

  /** Three greys a prompt, 0.2 apart: the brighter is what all people choose. */
  private static List<VotedGroup> groups(int prompts) {
    List<VotedGroup> groups = new ArrayList<>();
    for (int p = 0; p < prompts; p++) {
      List<VotedPair> pairs = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        for (int j = i + 1; j < 3; j++) {
          pairs.add(
              new VotedPair(
                  i,
                  j,
                  VotedPair.OVERALL,
                  List.of(Vote.of(Choice.SECOND), Vote.of(Choice.SECOND))));
        }
      }
      groups.add(
          new VotedGroup(Greys.group("prompt " + p, 0.2, 0.4, 0.6), pairs, Map.of(), List.of()));
    }
    return groups;
  }

  private ProtocolComparison.Builder<JudgeOracle> comparison(Judge judge, Protocol... protocols) {
    Judge counted =
        question -> {
          asked.incrementAndGet();
          return judge.ask(question);
        };
    return ProtocolComparison.builder(
            folder,
            protocol ->
                JudgeOracle.builder(counted)
                    .protocol(protocol)
                    .maxAttempts(1)
                    .seed(Seed.of(5))
                    .build(),
            Greys.RUBRIC)
        .protocols(protocols)
        .prices(CENT);
  }

  private static MockJudge judge(MockJudge.Options options) {
    return MockJudge.of(Greys::score, options);
  }

  // ---- What is known beforehand

  /** Its scores are on the scale of the pointwise protocol. */
  @Test
  void judgeWithoutNoiseIsRightByEveryProtocolAndTheCheapestIsTheFront() {
    ComparisonReport report =
        comparison(MockJudge.of((image, prompt) -> 100 * Greys.score(image, prompt)), ALL)
            .build()
            .run(groups(4));

    assertThat(report.pairs()).isEqualTo(12);
    assertThat(report.prompts()).isEqualTo(4);
    assertThat(report.results())
        .allSatisfy(
            result -> {
              assertThat(result.right().value()).isEqualTo(1);
              assertThat(result.right().low()).isEqualTo(1);
              assertThat(result.undecided()).isZero();
            })
        .extracting(result -> result.cost(CostUnit.REQUESTS).orElseThrow())
        .containsExactly(1.0, 3.0, 6.0, 3.0, 3.0);
    assertThat(report.unit()).isEqualTo(CostUnit.MONEY);
    assertThat(report.front(CostUnit.MONEY))
        .extracting(ProtocolResult::protocol)
        .containsExactly("listwise(1)");
    assertThat(report.results().get(2).cost(CostUnit.MONEY).orElseThrow())
        .isCloseTo(0.06, within(1e-12));
    assertThat(report.results().get(0).cost(CostUnit.TOKENS)).isEmpty();
  }

  /**
   * The judge likes the image shown first by 0.3, and neighbours are 0.2 apart. Its answers are
   * soft, so that two orders cancel the bias; asked in one order, it takes the first of two
   * neighbours.
   */
  @Test
  void softAnswersInBothOrdersUndoABiasThatOneOrderCannot() {
    MockJudge biased =
        judge(
            MockJudge.Options.defaults()
                .withTemperature(0.1)
                .withSoftAnswers(true)
                .withPositionBias(0.3));

    ComparisonReport report =
        comparison(biased, Protocol.pairsInRandomDirection(1), Protocol.pairsInBothOrders(1))
            .build()
            .run(groups(40));

    assertThat(report.results().get(1).right().value()).isEqualTo(1);
    assertThat(report.results().get(0).right().high()).isLessThan(1);
    assertThat(report.difference("pairs-both(1)", "pairs-random(1)").excludes(0)).isTrue();
    assertThat(report.front(CostUnit.REQUESTS)).hasSize(2);

    // Enough for all groups by both: the dearer one. Enough for a third by it: the cheaper one.
    Purchase rich = report.buy(60, CostUnit.MONEY, 1000);
    assertThat(rich.best().orElseThrow().protocol()).isEqualTo("pairs-both(1)");
    assertThat(rich.answer())
        .contains("For 60.00 USD and 1,000 groups: the highest expectation has pairs-both(1)")
        .contains("covers all groups for 60.00 USD", "It is told apart from all others.");
    Purchase poor = report.buy(20, CostUnit.MONEY, 1000);
    assertThat(poor.offers())
        .filteredOn(offer -> offer.protocol().equals("pairs-both(1)"))
        .singleElement()
        .satisfies(
            offer -> {
              assertThat(offer.covered()).isEqualTo(333);
              assertThat(offer.expected().value()).isCloseTo(0.5 + 0.333 * 0.5, within(1e-12));
            });
    assertThat(poor.answer()).contains("covers");
  }

  /** Hard answers that contradict each other are a tie: half right, as a coin is. */
  @Test
  void hardAnswersInBothOrdersAdmitATieAndAreNoMoreOftenRight() {
    MockJudge biased = judge(MockJudge.Options.defaults().withPositionBias(0.9));

    ComparisonReport report =
        comparison(biased, Protocol.pairsInBothOrders(1)).build().run(groups(3));

    assertThat(report.results().get(0).right().value()).isEqualTo(0.5);
    assertThat(report.results().get(0).undecided()).isEqualTo(1);
  }

  @Test
  void protocolsThatTheVotesDoNotTellApartAreSaidToBeSo() {
    ComparisonReport report =
        comparison(
                judge(MockJudge.Options.defaults()),
                Protocol.pairsInBothOrders(1),
                Protocol.listwise(1))
            .build()
            .run(groups(4));

    Purchase purchase = report.buy(100, CostUnit.MONEY, 100);

    assertThat(purchase.best().orElseThrow().protocol()).isEqualTo("listwise(1)");
    assertThat(purchase.answer())
        .contains("Not told apart from it by these votes: pairs-both(1)")
        .contains("It is also the cheapest of them.");
    assertThat(report.buy(0.001, CostUnit.MONEY, 100).answer()).contains("nothing");
    assertThat(report.buy(1, CostUnit.TOKENS, 1).unknown())
        .containsExactly("pairs-both(1)", "listwise(1)");
  }

  // ---- Money, and a run that ends early

  @Test
  void killedComparisonGoesOnAndAsksAboutNoGroupTwice() {
    MockJudge judge = judge(MockJudge.Options.defaults());
    Judge killed =
        question -> {
          if (asked.get() > 7) {
            throw new IllegalStateException("killed");
          }
          return judge.ask(question);
        };
    List<VotedGroup> groups = groups(4);
    assertThatThrownBy(
            () ->
                comparison(killed, Protocol.listwise(1), Protocol.pairsInRandomDirection(1))
                    .build()
                    .run(groups))
        .hasStackTraceContaining("killed");
    assertThat(asked).hasValue(8); // 4 listwise, a whole group of 3, and the one that was killed

    asked.set(0);
    ProtocolComparison<JudgeOracle> whole =
        comparison(judge, Protocol.listwise(1), Protocol.pairsInRandomDirection(1)).build();
    ComparisonReport report = whole.run(groups);
    assertThat(asked).hasValue(3 * 3);

    assertThat(whole.run(groups).csv()).isEqualTo(report.csv());
    assertThat(whole.read(groups).csv()).isEqualTo(report.csv());
    assertThat(asked).hasValue(3 * 3);
  }

  @Test
  void budgetIsCheckedBeforeAnythingIsAsked() {
    ProtocolComparison.Estimate<JudgeOracle> three =
        (oracle, groups, rubric) ->
            CostEstimate.of("mock", new Usage(3L * groups.size(), 0, 0, 0), CENT);
    MockJudge judge = judge(MockJudge.Options.defaults());
    Protocol pairs = Protocol.pairsInRandomDirection(1);

    assertThatThrownBy(
            () ->
                comparison(judge, pairs)
                    .budget(Budget.ofMoney("0.11"), three)
                    .build()
                    .run(groups(4)))
        .isInstanceOf(FeedbackException.BudgetExhausted.class)
        .hasMessageContaining("12 requests")
        .hasMessageContaining("budget of 0.11 USD; nothing was asked");
    assertThat(asked).hasValue(0);

    comparison(judge, pairs).budget(Budget.ofMoney("0.12"), three).build().run(groups(4));
    assertThat(asked).hasValue(12);
    // What was asked is not counted again: one more group is within a budget of three requests.
    comparison(judge, pairs).budget(Budget.ofRequests(3), three).build().run(groups(5));
    assertThat(asked).hasValue(15);
  }

  @Test
  void whatCannotBeComparedIsRejected() {
    MockJudge judge = judge(MockJudge.Options.defaults());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> comparison(judge, Protocol.listwise(1), Protocol.listwise(1)))
        .withMessageContaining("each once");
    assertThatIllegalArgumentException().isThrownBy(() -> comparison(judge));
    List<VotedGroup> tied =
        List.of(VotedGroup.ofPair(Greys.group(0.2, 0.4), List.of(Vote.of(Choice.TIE))));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> comparison(judge, Protocol.listwise(1)).build().run(tied))
        .withMessageContaining("people chose an image");
    ComparisonReport report = comparison(judge, Protocol.best(1, 1)).build().run(groups(2));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> report.difference("best(1, 1)", "other"))
        .withMessageContaining("[best(1, 1)]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> report.buy(-1, CostUnit.MONEY, 1))
        .withMessageContaining("at least 0");
    assertThat(report.csv()).contains("\n\"best(1, 1)\",");
  }
}
