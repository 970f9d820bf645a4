"""The paper on delta networks (Neil et al. 2017), claim by claim, beside what is measured here."""
