package org.tastemaker.feedback.study.page;

import java.util.List;
import java.util.Optional;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.study.Vote;

/** How a pair's verdict and its votes stand to each other. */
enum Kind {
  DISAGREE("Where they disagree", "People chose one image, and the judge the other."),
  AGREE("Where they agree", "People and the judge chose the same image."),
  JUDGE_TIES("Ties of the judge", "People chose an image, and the judge none."),
  PEOPLE_TIE("Ties of people", "No choice has the majority of votes, and the judge chose one."),
  BOTH_TIE("Ties of both", "Neither people nor the judge chose an image."),
  BOTH_BAD("Both bad", "More than half of the votes say that neither image is good."),
  MISSING("Without a verdict", "People voted, and the judge has said nothing.");

  private final String title;
  private final String note;

  Kind(String title, String note) {
    this.title = title;
    this.note = note;
  }

  String title() {
    return title;
  }

  String note() {
    return note;
  }

  static Kind of(List<Vote> votes, Choice people, Optional<Choice> verdict) {
    if (verdict.isEmpty()) {
      return MISSING;
    }
    if (2 * votes.stream().filter(Vote::bothBad).count() > votes.size()) {
      return BOTH_BAD;
    }
    if (verdict.get() == people) {
      return people == Choice.TIE ? BOTH_TIE : AGREE;
    }
    return people == Choice.TIE ? PEOPLE_TIE : verdict.get() == Choice.TIE ? JUDGE_TIES : DISAGREE;
  }
}
