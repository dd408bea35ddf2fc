package org.tastemaker.feedback.study;

import java.time.Duration;
import java.util.List;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.agreement.PromptBootstrap;
import org.tastemaker.feedback.ledger.PriceTable;

/** What a study was set up with. */
record StudySettings(
    Truth truth,
    List<Stratum> strata,
    PriceTable prices,
    PromptBootstrap bootstrap,
    Seed seed,
    Duration pause) {}
