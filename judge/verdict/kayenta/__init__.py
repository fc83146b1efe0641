"""Kayenta's judge: the NetflixACAJudge, as Kayenta has it, and without its holes where asked."""
