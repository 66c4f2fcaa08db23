"""Pons: referral for autologous haematopoietic stem cell transplantation (AHSCT) in multiple sclerosis."""
