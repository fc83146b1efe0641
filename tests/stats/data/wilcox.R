# Records what R's wilcox.test says of two samples, for tests/stats/test_ranks_against_r.py:
#
#     Rscript tests/stats/data/wilcox.R > tests/stats/data/wilcox.csv
#
# One line a pair: name, confidence, low, high, estimate, experiment, control (values apart by
# spaces). The normal approximation with correction for continuity, as in Kayenta. The values are
# small integers over a power of two, so that they are the same doubles in every language.

values <- function(n, factor, modulus, over, offset = 0) {
  i <- seq_len(n)
  offset + ((factor * i * i + 7 * i) %% modulus) / over
}

pairs <- list(
  list("four against four", c(10, 20, 30, 40), c(1, 2, 3, 4)),
  list("apart", values(12, 5, 101, 64, 8), values(12, 11, 101, 64)),
  list("alike", values(30, 37, 1009, 128, 2), values(30, 53, 1009, 128, 2)),
  list("a little higher", values(60, 37, 1009, 128, 3), values(60, 53, 1009, 128, 2)),
  list("a little lower", values(60, 41, 2003, 256, 1), values(60, 29, 2003, 256, 2)),
  list("far apart in size", values(60, 41, 2003, 2, 1000), values(60, 29, 2003, 2, 900)),
  list("few against many", values(9, 13, 509, 32, 5), values(75, 17, 509, 32, 4)),
  list("many against few", values(75, 19, 509, 32, 5), values(8, 23, 509, 32, 4)),
  list("halves", values(60, 3, 11, 2, 1), values(60, 5, 13, 2)),
  list("whole counts", values(60, 3, 7, 1), values(60, 2, 5, 1)),
  list("mostly zeros", pmax(0, values(60, 3, 17, 1) - 12), pmax(0, values(60, 7, 19, 1) - 15)),
  list("one side constant", rep(5, 20), values(20, 3, 23, 4)),
  list("negative", values(40, 31, 499, 16, -20), values(40, 43, 499, 16, -18)),
  list("large", values(60, 37, 99991, 1, 5e5), values(60, 53, 99991, 1, 4.8e5)),
  list("within the tolerance", values(40, 37, 1009, 2^26), values(40, 53, 1009, 2^26, 2^-18)),
  list("near the tolerance", values(40, 37, 1009, 2^20), values(40, 53, 1009, 2^20)),
  list("a quarter of a thousand", values(250, 37, 9973, 512), values(250, 53, 9973, 512, 1))
)

number <- function(x) format(x, digits = 17, trim = TRUE, scientific = 8)
numbers <- function(x) paste(vapply(x, number, ""), collapse = " ")

cat("name,confidence,low,high,estimate,experiment,control\n")
for (pair in pairs) for (level in c(0.98, 0.95)) {
  said <- suppressWarnings(
    wilcox.test(pair[[2]], pair[[3]], conf.int = TRUE, conf.level = level, exact = FALSE)
  )
  found <- c(said$conf.int[1], said$conf.int[2], said$estimate)
  head <- paste(pair[[1]], level, number(found[1]), number(found[2]), number(found[3]), sep = ",")
  cat(head, numbers(pair[[2]]), numbers(pair[[3]]), sep = ",")
  cat("\n")
}
